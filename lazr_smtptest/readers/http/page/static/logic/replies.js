// What a reply of the server means, in half a sentence.
//
// The texts are those of meanings.js: "reply.452" for a code (RFC 5321 section 4.2.3
// and the extensions), "status.2.2" for the last two numbers of an enhanced code (RFC
// 3463 and its IANA registry), and "class.4" for what the client does about it.

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

/**
 * Return what a reply means, or an empty text if it is no reply.
 * @param {string} text - the reply.
 * @param {function(string): string} t - returns a text of the page, or the key if there
 *   is none.
 */
export function explainReply(text, t) {
  const reply = parseReply(text);
  if (reply === null) return "";
  const known = (...keys) => keys.map(t).find((found, index) => found !== keys[index]);
  const code = `reply.${reply.code}`;
  const action = t(`class.${reply.class}`);
  // "2.1.5" with 250 says less than the code itself.
  if (reply.class < 4) return known(code) ?? action;
  const [subject, detail] = reply.status.split(".").map(Number);
  const meaning = known(`status.${subject}.${detail}`, `status.${subject}`, code);
  return meaning ? `${meaning}; ${action}` : action;
}
