// «Make this a test»: the code of a test, from a message or from a refused session.

const CODE = /^\d+$/;

/** Return a text as a literal of Python and of JavaScript; no character of it is code. */
export function literal(value) {
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, (character) =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Return a literal that people can read where nothing in the text is dangerous. */
function readable(value, language) {
  // In Python \ud83d\ude00 would be two lone surrogates: beyond them it is \U0001f600.
  const text = language === "python" ? pythonLiteral(value) : literal(value);
  return /^[\p{L}\p{N}\p{P}\p{S} ]*$/u.test(value) && !/["\\\u2028\u2029]/.test(value) ? `"${value}"` : text;
}

function pythonLiteral(value) {
  const inner = [...value].map((each) => {
    const code = each.codePointAt(0);
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : literal(each).slice(1, -1);
  });
  return `"${inner.join("")}"`;
}

/** Return words of a text as a name of a function, or another name. */
function nameOf(text, other) {
  const words = text.normalize("NFKD").toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.slice(0, 6).join("_").slice(0, 50) || other;
}

/** Return a link without what changes with each mail: its query and its fragment. */
function stable(link) {
  return link.replace(/[?#].*$/s, "");
}

/** Return what a test asserts of a message. */
function factsOf(message) {
  const { summary, envelope } = message;
  const recipients = envelope ? envelope.recipients.map((each) => each.address) : summary.rcpt_tos;
  return {
    recipient: recipients[0] ?? "",
    subject: summary.subject,
    code: message.code && CODE.test(message.code) ? message.code : null,
    link: message.links[0] ? stable(message.links[0]) : null,
    files: message.attachments.filter((each) => !each.inline && each.name).map((each) => each.name),
  };
}

/**
 * Return a test for pytest that waits for such a message.
 * @param {Object} message - a message of the API.
 */
export function pytestOfMessage(message) {
  const { recipient, subject, code, link, files } = factsOf(message);
  const py = (value) => readable(value, "python");
  return lines(
    `def test_${nameOf(subject, "mail")}_arrives(smtptest):`,
    "    # Here your program sends the mail, to smtptest.host and smtptest.port.",
    "    mail = smtptest.wait_for(",
    `        recipient=${py(wildcardsQuoted(recipient, "python"))},`,
    subject ? `        subject=${py(subject)},` : null,
    "        timeout=10,",
    "    )",
    subject ? null : "    assert not mail.subject",
    code && `    assert len(mail.code() or "") == ${code.length}  # such as ${code}`,
    link && `    assert any(link.startswith(${py(link)}) for link in mail.links)`,
    ...files.map((file) => `    assert ${py(file)} in [each.name for each in mail.attachments]`),
  );
}

/** Return a recipient in which wildcards stand for themselves: ? matches also a star. */
function wildcardsQuoted(recipient) {
  return recipient.replaceAll("*", "?");
}

/**
 * Return a test for the test runner of Node.js; Jest and Vitest have the same functions.
 * @param {Object} message - a message of the API.
 * @param {string} url - of the server, with a slash at its end.
 */
export function nodeOfMessage(message, url) {
  const { recipient, subject, code, link, files } = factsOf(message);
  const js = (value) => readable(value, "javascript");
  return lines(
    ...nodeHead(url),
    `test(${js(`${subject || "the mail"} arrives`)}, async () => {`,
    SINCE,
    "  // Here your program sends the mail.",
    "  const criteria = {",
    `    recipient: ${js(wildcardsQuoted(recipient))},`,
    `    subject: ${subject ? js(subject) : "null"},`,
    "  };",
    '  const found = await ask("assert", { criteria, since, timeout: 10 });',
    "  const mail = found.messages[0];",
    `  assert.equal(mail.summary.mail_from, ${js(message.summary.mail_from)});`,
    code && `  assert.equal(mail.code?.length, ${code.length}); // such as ${code}`,
    link && `  assert.ok(mail.links.some((link) => link.startsWith(${js(link)})));`,
    ...files.map((file) => `  assert.ok(mail.attachments.some((each) => each.name === ${js(file)}));`),
    "});",
  );
}

/** Return the beginning of a file for Node.js. */
function nodeHead(url) {
  return [
    'import assert from "node:assert";',
    'import { test } from "node:test";',
    "",
    `const server = new URL(process.env.SMTPTEST_URL ?? ${literal(url)});`,
    'if (!server.pathname.endsWith("/")) server.pathname += "/";',
    "// fetch takes no user in a URL.",
    "const headers = {};",
    "if (server.username) {",
    "  const login = decodeURIComponent(`${server.username}:${server.password}`);",
    '  headers.Authorization = `Basic ${Buffer.from(login).toString("base64")}`;',
    '  server.username = server.password = "";',
    "}",
    "",
    'async function ask(path, body, method = body ? "POST" : "GET") {',
    "  const request = { method, headers, body: body && JSON.stringify(body) };",
    "  const response = await fetch(new URL(`api/v2/${path}`, server), request);",
    "  const text = await response.text();",
    "  const answer = text && JSON.parse(text);",
    "  if (!response.ok) throw new Error(answer.detail);",
    "  return answer;",
    "}",
    "",
  ];
}

// What was there before does not count.
const SINCE = '  const since = (await ask("messages?limit=1")).messages[0]?.number ?? 0;';

/** Return lines as a text; those that are no text are left out. */
function lines(...all) {
  return all.filter((line) => typeof line === "string").map((line) => `${line}\n`).join("");
}

const REPLY = /^([45]\d\d)[ -](?:([45]\.\d{1,3}\.\d{1,3}) )?([^\r\n]*)/;
// The phase in which the server replies to a command.
const PHASES = {
  EHLO: "EHLO", HELO: "HELO", LHLO: "LHLO", STARTTLS: "STARTTLS", MAIL: "MAIL",
  RCPT: "RCPT", DATA: "DATA", BDAT: "BDAT", RSET: "RSET", NOOP: "NOOP", VRFY: "VRFY",
  AUTH: "LOGIN", QUIT: "QUIT",
};

/**
 * Return each reply of a transcript with the command that it answers.
 * @param {{who: string, text: string}[]} transcript - the lines.
 * @returns {{command: string, reply: string}[]} the command is empty for the greeting,
 *   "." for the end of a message; of a reply of several lines it is the last one.
 */
export function repliesOf(transcript) {
  const replies = [];
  // A client may send several commands before it reads.
  const waiting = [""];
  let last = "";
  let isContent = false;
  for (const { who, text } of transcript) {
    if (who === "client") {
      const isCommand = isContent ? text === "." : last !== "BDAT" || wordOf(text) in PHASES;
      if (!isCommand) continue;
      if (last !== "AUTH" || wordOf(text) in PHASES) last = isContent ? "." : wordOf(text);
      waiting.push(isContent || last !== "AUTH" ? text : "AUTH");
      isContent = false;
    } else if (who === "server" && /^\d{3}(?: |$)/.test(text)) {
      const command = waiting.shift() ?? "";
      replies.push({ command, reply: text });
      isContent = text.startsWith("354");
      if (last === "AUTH" && !text.startsWith("334")) last = "";
    }
  }
  return replies;
}

function wordOf(command) {
  return /^[A-Za-z]+/.exec(command)?.[0].toUpperCase() ?? "";
}

// What the server refuses by itself, before it asks any rule: a wrong command, a login or
// TLS that is missing, and a size that MAIL announces.
const OWN = /^(?:\w+ (?:50[0-4]|530|538|555)|MAIL 552)$/;

/**
 * Return the fault that a refused session shows: which phase, whose reply.
 * @param {{session: Object, transcript: Object[]}} whole - a session of the API.
 * @returns {?{phase: string, recipient: string, code: number, text: string, times: number}}
 *   null: no reply of its transcript is a refusal that a rule could bring about.
 */
export function faultOf(whole) {
  let found = null;
  const hasRules = whole.transcript.some(({ who, text }) => who === "note" && text.startsWith("fault:"));
  for (const { command, reply } of repliesOf(whole.transcript)) {
    const refusal = REPLY.exec(reply);
    if (refusal === null) continue;
    const [, code, enhanced, said] = refusal;
    const fault = {
      phase: phaseOf(command),
      recipient: /^RCPT\s+TO:\s*<([^>]*)>/i.exec(command)?.[1] ?? "",
      code: Number(code),
      text: [enhanced, said].filter(Boolean).join(" "),
      times: 1,
    };
    if (fault.phase === null || (!hasRules && OWN.test(`${fault.phase} ${code}`))) continue;
    const isSame = found && found.phase === fault.phase && found.recipient === fault.recipient && found.code === fault.code;
    if (isSame) found.times += 1;
    // The first refusal is the reason; the others follow from it.
    else found ??= fault;
  }
  return found;
}

/** Return the phase of the reply to a line of the client; null: it has none. */
function phaseOf(command) {
  if (command === "") return "CONNECT";
  if (command === ".") return "EOD";
  return PHASES[wordOf(command)] ?? null;
}

/**
 * Return a test for pytest with the rule that brings a refusal about again.
 * @param {Object} whole - a session of the API.
 * @returns {string} empty if nothing was refused.
 */
export function pytestOfSession(whole) {
  const fault = faultOf(whole);
  if (fault === null) return "";
  const py = (value) => readable(value, "python");
  const condition = fault.recipient ? `, recipient=${py(wildcardsQuoted(fault.recipient))}` : "";
  const times = `, times=${fault.times}`;
  return lines(
    `def test_${fault.phase.toLowerCase()}_is_refused_with_${fault.code}(smtptest):`,
    `    rule = smtptest.faults.on("${fault.phase}"${condition}${times})`,
    `    rule.reply(${fault.code}, ${py(fault.text)})`,
    "    # Here your program sends the mail, to smtptest.host and smtptest.port.",
    "    smtptest.faults.assert_all_fired()",
    whole.session.delivered
      ? `    assert len(smtptest) == ${whole.session.delivered}`
      : fault.recipient
        ? `    smtptest.assert_none(recipient=${py(wildcardsQuoted(fault.recipient))})`
        : "    smtptest.assert_none()",
  );
}

/**
 * Return the same for the test runner of Node.js.
 * @param {Object} whole - a session of the API.
 * @param {string} url - of the server, with a slash at its end.
 */
export function nodeOfSession(whole, url) {
  const fault = faultOf(whole);
  if (fault === null) return "";
  const rule = { on: fault.phase, times: fault.times, reply: [fault.code, fault.text] };
  if (fault.recipient) rule.recipient = wildcardsQuoted(fault.recipient);
  const criteria = fault.recipient ? { recipient: rule.recipient } : {};
  const count = fault.recipient ? 0 : whole.session.delivered;
  return lines(
    ...nodeHead(url),
    `test("${fault.phase} is refused with ${fault.code}", async () => {`,
    SINCE,
    `  const fault = ${literal(rule)};`,
    '  const [rule] = (await ask("faults", { fault: [fault] })).rules;',
    "  try {",
    "    // Here your program sends the mail.",
    "    const { fired } = await ask(`faults/${rule.id}`);",
    `    assert.equal(fired, ${fault.times}, "the rule has not fired as often");`,
    `    await ask("assert", { criteria: ${literal(criteria)}, since, count: ${count} });`,
    "  } finally {",
    '    await ask(`faults/${rule.id}`, undefined, "DELETE");',
    "  }",
    "});",
  );
}
