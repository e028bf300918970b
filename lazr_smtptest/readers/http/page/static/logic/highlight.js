// The colours of HTML source and header fields, as ranges of the text: for the CSS
// Custom Highlight API, which needs no element for each of them.

const RULES = {
  html: {
    text: [
      [/<!--[^]*?(?:-->|$)/y, "comment"],
      [/<![^>]*>?/y, "comment"],
      [/<\/?[a-zA-Z][^\s/>]*/y, "tag", "tag"],
      [/&(?:#\d+|#x[\da-f]+|[a-z]\w*);/iy, "entity"],
      [/[^<&]+|[<&]/y, null],
    ],
    tag: [
      [/\s+/y, null],
      [/\/?>/y, "tag", "text"],
      [/[^\s=>/]+/y, "attribute"],
      [/=\s*(?:"[^"]*(?:"|$)|'[^']*(?:'|$)|[^\s>]*)/y, "value"],
      [/\//y, null],
    ],
  },
  header: {
    text: [
      [/^[!-9;-~]+:/my, "field"],
      [/<[^<>\s]*>/y, "address"],
      [/"(?:[^"\\\n]|\\.)*"?/y, "value"],
      [/=\?[^?\s]+\?[bq]\?[^?\s]*\?=/iy, "entity"],
      [/[a-z-]+(?==)/iy, "attribute"],
      [/[a-z0-9-]+|\s+|[^]/iy, null],
    ],
  },
};

// Beyond this many characters a text is left black: painting would take too long.
const LONGEST = 500_000;

/**
 * Return the coloured ranges of a text, in order.
 * @param {string} text - the source.
 * @param {"html"|"header"} kind - what it is.
 * @returns {{start: number, end: number, name: string}[]} `name` is "tag", "attribute",
 *   "value", "comment", "entity", "field" or "address".
 */
export function rangesOf(text, kind) {
  const ranges = [];
  let state = "text";
  const until = Math.min(text.length, LONGEST);
  for (let at = 0; at < until; ) {
    const [end, name, next] = match(RULES[kind][state], text, at);
    if (name) ranges.push({ start: at, end, name });
    state = next ?? state;
    at = end;
  }
  return ranges;
}

/** Return the end of the token at a place, its name, and the state after it. */
function match(rules, text, at) {
  for (const [pattern, name, next] of rules) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null && found[0]) return [at + found[0].length, name, next];
  }
  return [at + 1, null, undefined];
}
