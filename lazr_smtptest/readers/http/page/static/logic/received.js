// The way of a message from server to server, as its Received fields have it (RFC 5321
// section 4.4). They are written by anybody: what cannot be read is left empty.

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const ZONES = { ut: 0, gmt: 0, z: 0, est: -300, edt: -240, cst: -360, cdt: -300, mst: -420, mdt: -360, pst: -480, pdt: -420 };
const DATE =
  /^(?:[a-z]{3,9}\s*,\s*)?(\d{1,2})\s+([a-z]{3})[a-z]*\s+(\d{2,4})\s+(\d{1,2})\s*:\s*(\d{2})(?:\s*:\s*(\d{2}))?(?:\s+([+-]\d{4}|[a-z]{1,5}))?\s*$/i;

// More fields than any route has are not read.
const MOST = 200;
const LONGEST = 4000;

/** Return the time of a date of a header field in milliseconds; null: it is none. */
export function parseDate(text) {
  const found = DATE.exec(withoutComments(text).trim());
  if (found === null) return null;
  const [, day, name, yearText, hour, minute, second = "0", zone = "+0000"] = found;
  const month = MONTHS.indexOf(name.toLowerCase());
  let year = Number(yearText);
  // RFC 5322 section 4.3.
  if (yearText.length === 2) year += year < 50 ? 2000 : 1900;
  if (yearText.length === 3) year += 1900;
  const time = Date.UTC(year, month, Number(day), Number(hour), Number(minute), Number(second));
  if (month < 0 || Number(day) < 1 || Number(day) > 31 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null;
  return time - offsetOf(zone) * 60_000;
}

/** Return the minutes of a zone east of UTC; one that is not known counts as UTC. */
function offsetOf(zone) {
  const found = /^([+-])(\d\d)(\d\d)$/.exec(zone);
  if (found === null) return ZONES[zone.toLowerCase()] ?? 0;
  const minutes = 60 * Number(found[2]) + Number(found[3]);
  return found[1] === "-" ? -minutes : minutes;
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

function withoutComments(text) {
  let plain = "";
  for (const [characters, depth] of depths(text)) plain += depth ? "" : characters;
  return plain;
}

/** Return the words of a field, each with the comment after it. */
function wordsOf(text) {
  const words = [];
  let word = "";
  let comment = "";
  const end = () => {
    if (word) words.push({ word, comment: "" });
    word = "";
  };
  for (const [characters, depth] of depths(text)) {
    if (depth > 0) {
      end();
      comment += characters;
      continue;
    }
    if (comment) {
      if (words.length) words.at(-1).comment += comment.slice(1, -1);
      comment = "";
    }
    if (/\s/.test(characters)) end();
    else word += characters;
  }
  end();
  if (comment && words.length) words.at(-1).comment += comment.replace(/^\(|\)$/g, "");
  return words;
}

/**
 * Return what a Received field says.
 * @param {string} value - the field, unfolded or not.
 * @returns {{from: string, fromDetails: string, by: string, with: string, id: string,
 *   for: string, tls: boolean, time: ?number}} texts that are missing are empty; `time`
 *   is in milliseconds, null if there is none; `fromDetails` is the client's address.
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
  const hop = { from: "", fromDetails: "", by: "", with: "", id: "", for: "", tls: false };
  const words = wordsOf(last < 0 ? text : text.slice(0, last));
  for (let index = 0; index + 1 < words.length; index += 1) {
    const name = words[index].word.toLowerCase();
    if (!["from", "by", "with", "id", "for"].includes(name) || hop[name]) continue;
    index += 1;
    hop[name] = words[index].word;
    if (name === "from") hop.fromDetails = words[index].comment;
  }
  hop.for = hop.for.replace(/^<(.*)>$/, "$1");
  // RFC 3848: the S stands for TLS.
  hop.tls = /^(?:UTF8)?(?:E?SMTP|LMTP)S?A?$/i.test(hop.with) ? /S(?:A)?$/i.test(hop.with.replace(/^(?:UTF8)?(?:E?SMTP|LMTP)/i, "")) : /TLS/i.test(text.slice(0, Math.max(0, last)));
  return { ...hop, time: last < 0 ? null : parseDate(text.slice(last + 1)) };
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
