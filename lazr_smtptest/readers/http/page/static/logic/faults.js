// The fault rules that the form can make: where, and what.

const SMTP = [
  "CONNECT", "HELO", "EHLO", "LHLO", "STARTTLS", "AUTH", "LOGIN", "MAIL", "RCPT", "DATA", "CONTENT",
  "BDAT", "EOD", "KEPT", "RSET", "NOOP", "VRFY", "EXPN", "HELP", "QUIT", "XCLIENT", "OTHER", "ANY",
];
const IMAP = [
  "GREETING", "CAPABILITY", "STARTTLS", "LOGIN", "LIST", "STATUS", "SELECT", "FETCH", "SEARCH", "STORE",
  "COPY", "MOVE", "EXPUNGE", "APPEND", "IDLE", "NOOP", "LOGOUT", "OTHER", "ANY",
];
const POP3 = [
  "GREETING", "CAPA", "STLS", "USER", "LOGIN", "STAT", "LIST", "UIDL", "RETR", "TOP", "DELE", "RSET",
  "NOOP", "QUIT", "OTHER", "ANY",
];

/** The phases of each protocol. */
export const PHASES = {
  SMTP,
  IMAP: IMAP.map((each) => `IMAP ${each}`),
  POP3: POP3.map((each) => `POP3 ${each}`),
};

// Phases of a message or a recipient, where an address can be matched.
const WITH_RECIPIENT = ["RCPT", "DATA", "CONTENT", "BDAT", "EOD", "KEPT"];

// What is possible at some phases alone.
const WITH_CAPABILITIES = ["EHLO", "LHLO", "IMAP GREETING", "IMAP CAPABILITY", "IMAP LOGIN", "POP3 CAPA"];
const WITH_UIDVALIDITY = ["IMAP STATUS", "IMAP SELECT"];
const WITH_FOLDER = [
  "IMAP SELECT", "IMAP FETCH", "IMAP SEARCH", "IMAP STORE", "IMAP COPY", "IMAP MOVE", "IMAP EXPUNGE",
  "IMAP APPEND", "IMAP IDLE", "IMAP NOOP", "IMAP OTHER",
];

/** Return whether a rule at a phase may be about a recipient. */
export function hasRecipient(phase) {
  return WITH_RECIPIENT.includes(phase);
}

/** Return whether a reply at a phase has a code, as in SMTP. */
export function hasCode(phase) {
  return SMTP.includes(phase);
}

/** Return the text of a reply that the form begins with. */
export function textAt(phase) {
  if (hasCode(phase)) return "4.7.1 Try again later";
  if (phase.startsWith("POP3")) return "-ERR [SYS/TEMP] Try again later";
  return phase === "IMAP GREETING" ? "BYE Try again later" : "NO [UNAVAILABLE] Try again later";
}

/** Return the actions that the form offers at a phase. */
export function actionsAt(phase) {
  const all = ["reply", "delay", "hold", "drop", "reset"];
  if (phase !== "CONTENT") all.push("swallow");
  if (phase === "EOD") all.push("discard");
  if (WITH_CAPABILITIES.includes(phase)) all.push("hide");
  if (WITH_UIDVALIDITY.includes(phase)) all.push("uidvalidity");
  if (WITH_FOLDER.includes(phase)) all.push("expunge", "repeat_exists");
  return all;
}

/**
 * Return a rule, as a file of faults has it.
 * @param {string} phase - where.
 * @param {string} action - what.
 * @param {Object} fields - the texts of the fields of the form.
 */
export function ruleOf(phase, action, { recipient, times, code, text, seconds, words, number }) {
  const rule = { on: phase };
  if (recipient && hasRecipient(phase)) rule.recipient = recipient;
  if (Number(times) > 0) rule.times = Number(times);
  const given = text ?? textAt(phase);
  rule[action] = {
    reply: hasCode(phase) ? [Number(code), given] : given,
    delay: Number(seconds),
    hide: words.split(/[\s,]+/).filter(Boolean),
    uidvalidity: Number(number),
    expunge: Number(number),
  }[action] ?? true;
  return rule;
}

/** Return the table of a rule as TOML. */
export function tomlOf(rule) {
  const lines = Object.entries(rule).map(([key, value]) => `${key} = ${tomlValue(value)}`);
  return ["[[fault]]", ...lines].join("\n");
}

/** Return a text, a number, true or a list of them as people write it in TOML. */
function tomlValue(value) {
  return Array.isArray(value) ? `[${value.map(tomlValue).join(", ")}]` : JSON.stringify(value);
}
