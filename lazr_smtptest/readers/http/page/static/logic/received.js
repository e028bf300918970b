// The way of a message from server to server, as its Received fields have it (RFC 5321
// section 4.4). They are written by anybody: what cannot be read is left empty.

// A date of RFC 5322, which browsers parse; they take other texts for dates, too.
const DATE = /^(?:[a-z]+\s*,\s*)?\d{1,2}\s+[a-z]{3,}\s+\d{2,4}\s+\d/i;

// More fields than any route has are not read.
const MOST = 200;
const LONGEST = 4000;

/** Return the time of a date of a header field in milliseconds; null: it is none. */
export function parseDate(text) {
  const date = withoutComments(text).trim().split(/\s+/).join(" ").replace(/ ?: ?/g, ":");
  if (!DATE.test(date)) return null;
  // Browsers know no leap second.
  const time = Date.parse(date.replace(/:60\b/, ":59"));
  return Number.isNaN(time) ? null : time;
}

/** Yield the characters of a text with their depth in comments; quotes are kept. */
function* depths(text) {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === "\\" && at + 1 < text.length) {
      yield [character + text[at + 1], depth];
      at += 1;
      continue;
    }
    if (character === '"' && depth === 0) quoted = !quoted;
    if (character === "(" && !quoted) depth += 1;
    yield [character, depth];
    if (character === ")" && !quoted && depth > 0) depth -= 1;
  }
}

/** Return a text with a space in the place of each comment. */
function withoutComments(text) {
  let plain = "";
  for (const [characters, depth] of depths(text)) plain += depth ? " " : characters;
  return plain;
}

/**
 * Return what a Received field says.
 * @param {string} value - the field, unfolded or not.
 * @returns {{from: string, by: string, with: string, tls: boolean, time: ?number}} texts
 *   that are missing are empty; `time` is in milliseconds, null if there is none.
 */
export function parseReceived(value) {
  const text = value.slice(0, LONGEST).replace(/\r?\n/g, " ");
  // The date is after the last semicolon outside of comments.
  let last = -1;
  let at = 0;
  for (const [characters, depth] of depths(text)) {
    if (characters === ";" && depth === 0) last = at;
    at += characters.length;
  }
  const clauses = last < 0 ? text : text.slice(0, last);
  const hop = { from: "", by: "", with: "" };
  const words = withoutComments(clauses).split(/\s+/);
  words.slice(0, -1).forEach((word, index) => {
    const name = word.toLowerCase();
    if (hop[name] === "") hop[name] = words[index + 1];
  });
  // RFC 3848: the S after the name stands for TLS; others tell it in a comment.
  const protocol = /^(?:UTF8)?(?:E?SMTP|LMTP)(S?)A?$/i.exec(hop.with);
  const tls = protocol ? protocol[1] !== "" : /TLS/i.test(clauses);
  return { ...hop, tls, time: last < 0 ? null : parseDate(text.slice(last + 1)) };
}

/**
 * Return the way of a message, from the first server to the last.
 * @param {{name: string, value: string}[]} headers - the fields, in their order.
 * @returns {Object[]} as of `parseReceived`, with `delay`: the seconds since the time
 *   before; null where one is missing. It is below 0 where two clocks differ.
 */
export function routeOf(headers) {
  const fields = headers.filter((field) => field.name.toLowerCase() === "received");
  const hops = fields.slice(0, MOST).map((field) => parseReceived(field.value)).reverse();
  let before = null;
  return hops.map((hop) => {
    const delay = hop.time === null || before === null ? null : (hop.time - before) / 1000;
    before = hop.time ?? before;
    return { ...hop, delay };
  });
}
