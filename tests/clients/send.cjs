// Sends with nodemailer what standard input asks for, as JSON:
//
//   {"transport": {...}, "mails": [{...}, ...]}
//
// and says what became of each mail, as JSON too.

"use strict";

const { createTransport } = require("nodemailer");
const { readFileSync } = require("node:fs");

async function outcome(sending) {
  try {
    const { accepted, rejected, response } = await sending;
    return { accepted, rejected, response };
  } catch ({ message, code, command, responseCode, response }) {
    return { message, code, command, responseCode, response };
  }
}

async function main() {
  const { transport, mails } = JSON.parse(readFileSync(0, "utf8"));
  const transporter = createTransport(transport);
  const sending = mails.map((mail) => outcome(transporter.sendMail(mail)));
  console.log(JSON.stringify(await Promise.all(sending)));
  transporter.close();
}

main();
