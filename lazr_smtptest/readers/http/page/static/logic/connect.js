// Settings by which programs send their mail to a server, and read it there.

/** Return a host as URLs have it: IPv6 in brackets. */
export function inURL(host) {
  return host.includes(":") ? `[${host}]` : host;
}

/** Return a text in the quotes of Python, Ruby and JavaScript. */
function text(value) {
  return JSON.stringify(value);
}

/** Return the URL of a server: "smtp://anna:secret@localhost:1025". */
export function smtpURL({ host, port, user = "", password = "" }) {
  const login = user ? `${encodeURIComponent(user)}:${encodeURIComponent(password)}@` : "";
  return `smtp://${login}${inURL(host)}:${port}`;
}

// A second listener of a protocol has a number after it.
const READS = /^(?:imap|pop3)s?/;

/** Return the name of a protocol that mail is read by, such as "imaps"; undefined: it is none. */
export function readerOf(protocol) {
  return READS.exec(protocol)?.[0];
}

/** Return the URL of an account to read (RFC 5092, RFC 2384): "imap://anybody@localhost:1143/INBOX". */
export function accountURL(name, { host, port, user = "anybody" }) {
  const path = name.startsWith("imap") ? "INBOX" : "";
  return `${name.replace("3", "")}://${encodeURIComponent(user)}@${inURL(host)}:${port}/${path}`;
}

const SETTINGS = {
  url: ["SMTP URL", ".env", (to) => `SMTP_URL=${smtpURL(to)}`],
  django: ["Django", "settings.py", ({ host, port, user, password }) => [
    `EMAIL_HOST = ${text(host)}`,
    `EMAIL_PORT = ${port}`,
    ...(user ? [`EMAIL_HOST_USER = ${text(user)}`, `EMAIL_HOST_PASSWORD = ${text(password)}`] : []),
  ]],
  rails: ["Rails", "config/environments/development.rb", ({ host, port, user, password }) => [
    "config.action_mailer.delivery_method = :smtp",
    "config.action_mailer.smtp_settings = {",
    `  address: ${text(host)}, port: ${port},`,
    ...(user ? [`  user_name: ${text(user)}, password: ${text(password)}, authentication: :plain,`] : []),
    "}",
  ]],
  laravel: ["Laravel", ".env", ({ host, port, user, password }) => [
    "MAIL_MAILER=smtp",
    `MAIL_HOST=${host}`,
    `MAIL_PORT=${port}`,
    `MAIL_USERNAME=${user ? text(user) : "null"}`,
    `MAIL_PASSWORD=${user ? text(password) : "null"}`,
  ]],
  node: ["Node.js", "nodemailer", ({ host, port, user, password }) => [
    "const transport = nodemailer.createTransport({",
    `  host: ${text(host)},`,
    `  port: ${port},`,
    ...(user ? [`  auth: { user: ${text(user)}, pass: ${text(password)} },`] : []),
    "});",
  ]],
  spring: ["Spring", "application.properties", ({ host, port, user, password }) => [
    `spring.mail.host=${host}`,
    `spring.mail.port=${port}`,
    ...(user ? [`spring.mail.username=${user}`, `spring.mail.password=${password}`, "spring.mail.properties.mail.smtp.auth=true"] : []),
  ]],
  go: ["Go", "net/smtp", ({ host, port, user, password }) => [
    ...(user ? [`auth := smtp.PlainAuth("", ${text(user)}, ${text(password)}, ${text(host)})`] : []),
    `err := smtp.SendMail(${text(`${inURL(host)}:${port}`)}, ${user ? "auth" : "nil"}, from, to, message)`,
  ]],
};

/** The names of the frameworks, in the order in which they are offered. */
export const FRAMEWORKS = Object.keys(SETTINGS);

/**
 * Return the settings of a framework.
 * @param {string} name - one of FRAMEWORKS.
 * @param {{host: string, port: number, user?: string, password?: string}} to - the server.
 * @returns {{title: string, file: string, text: string}} `file` is where they belong.
 */
export function settingsOf(name, to) {
  const [title, file, make] = SETTINGS[name];
  return { title, file, text: [make(to)].flat().join("\n") };
}
