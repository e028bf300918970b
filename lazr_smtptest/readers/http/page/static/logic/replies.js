// What a reply of the server means, in half a sentence.
//
// The texts are in the language files: "reply.452" for a code (RFC 5321 section 4.2.3
// and the extensions), "status.2.2" for the last two numbers of an enhanced code (RFC
// 3463 and its IANA registry), and "class.4" for what the client does about it.

const CODES = new Set([
  211, 214, 220, 221, 235, 250, 251, 252, 334, 354, 421, 432, 450, 451, 452, 454, 455,
  500, 501, 502, 503, 504, 521, 530, 534, 535, 538, 550, 551, 552, 553, 554, 555, 556,
]);

// By subject, the greatest detail that the registry has.
const DETAILS = [0, 10, 4, 6, 7, 6, 10, 30];

const REPLY = /^\s*([2-5]\d\d)(?:[ -](?:([245])\.(\d{1,3})\.(\d{1,3})(?=\s|$))?|$)/;

/**
 * Return the parts of a reply.
 * @param {string} text - "452 4.2.2 Mailbox full"; of several lines the first counts.
 * @returns {?{code: number, enhanced: string, class: number, status: string}} `enhanced`
 *   is empty if there is none; null: it is no reply.
 */
export function parseReply(text) {
  const found = REPLY.exec(text);
  if (found === null) return null;
  const [, code, kind, subject, detail] = found;
  return {
    code: Number(code),
    class: Number(code[0]),
    enhanced: kind === undefined ? "" : `${kind}.${subject}.${detail}`,
    status: kind === undefined ? "" : `${subject}.${detail}`,
  };
}

/** Return the key of the text for the numbers of an enhanced code; null: none is known. */
function keyOfStatus(status) {
  if (!status) return null;
  const [subject, detail] = status.split(".").map(Number);
  // X.0.0 says nothing that the code does not.
  if (subject === 0 || !(subject < DETAILS.length)) return null;
  return detail > 0 && detail <= DETAILS[subject] ? `status.${subject}.${detail}` : `status.${subject}`;
}

/** Return every key of a text that `explainReply` may ask for. */
export function replyKeys() {
  const keys = [...CODES].map((code) => `reply.${code}`);
  DETAILS.forEach((most, subject) => {
    for (let detail = 0; subject > 0 && detail <= most; detail += 1) {
      keys.push(detail ? `status.${subject}.${detail}` : `status.${subject}`);
    }
  });
  return [...keys, "class.2", "class.3", "class.4", "class.5"];
}

/**
 * Return what a reply means, or an empty text if it is no reply.
 * @param {string} text - the reply.
 * @param {function(string): string} t - returns a text of the language file.
 */
export function explainReply(text, t) {
  const reply = parseReply(text);
  if (reply === null) return "";
  const isRefusal = reply.class >= 4;
  // "2.1.5" with 250 says less than the code itself.
  const status = isRefusal ? keyOfStatus(reply.status) : null;
  const known = CODES.has(reply.code) ? `reply.${reply.code}` : null;
  const meaning = status ?? known;
  const action = `class.${reply.class}`;
  if (meaning === null) return t(action);
  return isRefusal ? `${t(meaning)}; ${t(action)}` : t(meaning);
}
