// What became of a session, in few words.

import { t } from "./lang.js";

/**
 * Return what decided a session.
 * @param {Object} session - as the API has it.
 * @returns {{kind: string, title: string, reply: string, who: string}} `kind` is
 *   "delivered", "refused", "tls", "auth" or "dropped"; `reply` that of the server, or
 *   empty; `who` the recipient that was refused, or the client.
 */
export function outcomeOf(session) {
  const client = session.helo || session.peer[0];
  if (session.delivered) {
    return { kind: "delivered", title: t("outcome.delivered", { n: session.delivered }), reply: "", who: client };
  }
  for (const transaction of [...session.transactions].reverse()) {
    const refused = transaction.refused.at(-1);
    if (refused) {
      return { kind: "refused", title: t("outcome.refused"), reply: refused.reply ?? "", who: refused.address };
    }
    if (transaction.outcome !== "delivered" && transaction.reply) {
      const who = transaction.rcpt_tos[0] ?? transaction.mail_from ?? client;
      return { kind: "refused", title: t("outcome.refused"), reply: transaction.reply, who };
    }
  }
  if (session.login_attempts && !session.user) {
    return { kind: "auth", title: t("outcome.auth"), reply: "", who: client };
  }
  if (!session.helo && !session.transactions.length) {
    return { kind: "dropped", title: t("outcome.dropped"), reply: "", who: client };
  }
  return { kind: "dropped", title: t("outcome.nothing"), reply: "", who: client };
}
