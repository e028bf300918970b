// The lines of a conversation: replies of several lines, refusals, and the deciding one.

/** Return whether a line of the server refuses something. */
export function isRefusal({ who, text }) {
  return who === "server" && /^[45]\d\d/.test(text);
}

/**
 * Return lines in which a reply of several lines is its first one.
 * @param {Object[]} lines - of a transcript, as the API has it.
 * @returns {Object[]} the same with `more`, the texts of the other lines of the reply.
 */
export function folded(lines) {
  const shown = [];
  let isOpen = false;
  for (const each of lines) {
    const first = shown.at(-1);
    const isReply = each.who === "server";
    if (isReply && isOpen && first.text.slice(0, 3) === each.text.slice(0, 3)) first.more.push(each.text);
    else shown.push({ ...each, more: [] });
    isOpen = isReply && /^\d{3}-/.test(each.text);
  }
  return shown;
}

/** Return where the command MAIL of a transaction stands; 0 if it cannot be found. */
function startOf(lines, transaction) {
  let count = 0;
  let isContent = false;
  for (const [index, { who, text }] of lines.entries()) {
    // What a message says is no command.
    if (who === "server") isContent = text.startsWith("354");
    else if (who === "client" && !isContent && /^MAIL /i.test(text)) count += 1;
    if (count === transaction && count > 0) return index;
  }
  return 0;
}

/**
 * Return where the reply stands that decided what became of a message or a session.
 * @param {Object[]} lines - as `folded` returns them.
 * @param {string} reply - its text.
 * @param {number} [transaction] - the number of the message in its session; 0: of the
 *   whole session, whose last such reply decided.
 * @returns {number} -1 if it is not there.
 */
export function decidingLine(lines, reply, transaction = 0) {
  const [wanted] = (reply ?? "").split(/\r?\n/);
  const isIt = ({ who, text }) => wanted !== "" && who === "server" && text === wanted;
  if (transaction === 0) return lines.findLastIndex(isIt);
  const start = startOf(lines, transaction);
  const end = startOf(lines, transaction + 1) || lines.length;
  const own = lines.slice(start, end).findLastIndex(isIt);
  return own < 0 ? -1 : start + own;
}
