// The colours of tags.

const COLOURS = 8;

/** Return the number of the colour of a tag, always the same for the same name. */
export function tagColour(name) {
  let sum = 0;
  for (const letter of name) sum = (31 * sum + letter.codePointAt(0)) >>> 0;
  return sum % COLOURS;
}
