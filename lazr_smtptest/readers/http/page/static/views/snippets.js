// The settings by which frameworks send their mail to a host and port.

/** By name: the title, the file that the settings belong into, and their text. */
export const SNIPPETS = {
  django: {
    title: "Django",
    file: "settings.py",
    text: (host, port) => `EMAIL_HOST = "${host}"\nEMAIL_PORT = ${port}`,
  },
  rails: {
    title: "Rails",
    file: "config/environments/development.rb",
    text: (host, port) =>
      `config.action_mailer.delivery_method = :smtp\n` +
      `config.action_mailer.smtp_settings = { address: "${host}", port: ${port} }`,
  },
  laravel: {
    title: "Laravel",
    file: ".env",
    text: (host, port) =>
      `MAIL_MAILER=smtp\nMAIL_HOST=${host}\nMAIL_PORT=${port}\n` +
      `MAIL_USERNAME=null\nMAIL_PASSWORD=null`,
  },
  node: {
    title: "Node",
    file: "nodemailer",
    text: (host, port) =>
      `const transport = nodemailer.createTransport({\n  host: "${host}",\n  port: ${port},\n});`,
  },
  spring: {
    title: "Spring",
    file: "application.properties",
    text: (host, port) => `spring.mail.host=${host}\nspring.mail.port=${port}`,
  },
  go: {
    title: "Go",
    file: "net/smtp",
    text: (host, port) =>
      `err := smtp.SendMail("${host.includes(":") ? `[${host}]` : host}:${port}", nil, ` +
      `from, []string{to}, message)`,
  },
};
