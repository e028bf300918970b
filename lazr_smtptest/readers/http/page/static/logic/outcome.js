// What became of a session, in few words: one wording for the page and for the report.

/** Return whether mail was read in a session, by IMAP or POP3. */
export function isReading({ protocol }) {
  return protocol === "imap" || protocol === "pop3";
}

/**
 * Return what decided a session.
 * @param {Object} session - as the API has it.
 * @param {function(string, Object=): string} t - returns a text of the language file.
 * @param {string} [last] - the last refusal that was said, if the conversation is known.
 * @returns {{kind: string, title: string, reply: string, who: string, chip: string}}
 *   `kind` is "good", "warn" (delivered in part), "bad" (refused), or "" (the client left);
 *   `reply` that of the server, or empty; `who` the recipient that was refused, or the
 *   client; `chip` the kind in a word or two.
 */
export function outcomeIn(session, t, last = "") {
  const { delivered, refusals, transactions } = session;
  const client = session.helo || session.peer[0];
  if (isReading(session)) {
    const who = session.user ? t("head.user", { user: session.user }) : t("envelope.no-user");
    const title = refusals ? t("outcome.refused", { n: refusals }) : who;
    return { kind: refusals ? "warn" : "", title, reply: "", who: client, chip: session.protocol.toUpperCase() };
  }
  const refused = transactions.flatMap((each) => each.refused).at(-1);
  const failed = transactions.findLast((each) => each.outcome !== "delivered");
  const reply = refused?.reply || failed?.reply || (refusals ? last : "");
  const who = refused?.address ?? failed?.rcpt_tos[0] ?? failed?.mail_from ?? client;
  if (delivered) {
    const title = t("outcome.delivered", { n: delivered });
    return { kind: refusals || failed ? "warn" : "good", title, reply, who, chip: title };
  }
  if (refusals) {
    const isLogin = session.kinds.includes("auth") && !transactions.length;
    const title = isLogin ? t("outcome.auth") : t("outcome.refused", { n: refusals });
    return { kind: "bad", title, reply, who, chip: t("row.nothing") };
  }
  if (session.kinds.includes("tls")) {
    return { kind: "bad", title: t("outcome.tls"), reply: "", who, chip: t("sessions.tls") };
  }
  const title = failed ? t("outcome.cut") : session.helo ? t("outcome.nothing") : t("outcome.dropped");
  return { kind: "", title, reply: "", who, chip: t("outcome.left") };
}
