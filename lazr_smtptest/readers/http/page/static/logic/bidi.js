// Characters that cannot be seen, or that turn the direction of a text.

// Directions (U+202A..202E, U+2066..2069, marks), joiners, fillers, tags, controls.
const INVISIBLE =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff]|[\u{e0000}-\u{e007f}]/gu;

const NAMES = {
  0x00ad: "SHY", 0x061c: "ALM", 0x200b: "ZWSP", 0x200c: "ZWNJ", 0x200d: "ZWJ",
  0x200e: "LRM", 0x200f: "RLM", 0x2028: "LSEP", 0x2029: "PSEP", 0x202a: "LRE",
  0x202b: "RLE", 0x202c: "PDF", 0x202d: "LRO", 0x202e: "RLO", 0x2060: "WJ",
  0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI", 0xfeff: "BOM",
};

/** Return the name of a character such as "U+202E RLO". */
export function nameOf(character) {
  const code = character.codePointAt(0);
  const hex = code.toString(16).toUpperCase().padStart(4, "0");
  return code in NAMES ? `U+${hex} ${NAMES[code]}` : `U+${hex}`;
}

/** Return whether a joiner stands where scripts and emoji need it. */
function joins(text, index, character) {
  if (character !== "\u200c" && character !== "\u200d") return false;
  const before = text.slice(Math.max(0, index - 2), index).match(/.$/su)?.[0] ?? "";
  const after = text.slice(index + 1, index + 3).match(/^./su)?.[0] ?? "";
  const needs = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f\p{M}]|[\u0600-\u07ff\u0900-\u0dff]/u;
  return needs.test(before) && needs.test(after);
}

/**
 * Return a text in pieces: plain ones, and characters to show as marks.
 * @returns {{text: string, mark: string}[]} `mark` is the name of the character to show
 *   in its place, and empty for plain text. The texts together are the whole text.
 */
export function visible(text) {
  const pieces = [];
  let end = 0;
  for (const found of text.matchAll(INVISIBLE)) {
    const [character] = found;
    if (joins(text, found.index, character)) continue;
    if (found.index > end) pieces.push({ text: text.slice(end, found.index), mark: "" });
    pieces.push({ text: character, mark: nameOf(character) });
    end = found.index + character.length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), mark: "" });
  return pieces;
}

/** Return a text as one string, with the names of such characters in brackets. */
export function spelled(text) {
  return visible(text).map((piece) => (piece.mark ? `[${piece.mark}]` : piece.text)).join("");
}
