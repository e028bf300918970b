// Sends with nodemailer what standard input asks for, as JSON, one order a line:
//
//   {"transport": {...}, "mails": [{...}, ...]}
//
// and says what became of each mail, as JSON too, one line for each order.  An order
// without a transport uses the one before, and its connections; with "verify" it only
// checks that it can connect.

"use strict";

const { createTransport } = require("nodemailer");
const { createInterface } = require("node:readline");

const refusals = (errors) =>
  (errors || []).map(({ recipient, responseCode }) => [recipient, responseCode]);

async function outcome(sending) {
  try {
    const { accepted, rejected, response, rejectedErrors } = await sending;
    return { accepted, rejected, response, refusals: refusals(rejectedErrors) };
  } catch (error) {
    const { message, code, command, responseCode, response } = error;
    const refused = refusals(error.rejectedErrors);
    return { message, code, command, responseCode, response, refusals: refused };
  }
}

async function main() {
  let transporter = null;
  for await (const line of createInterface({ input: process.stdin })) {
    const { transport, mails = [], verify } = JSON.parse(line);
    if (transport) {
      transporter?.close();
      transporter = createTransport(transport);
    }
    if (verify) await transporter.verify();
    const sending = mails.map((mail) => outcome(transporter.sendMail(mail)));
    console.log(JSON.stringify(await Promise.all(sending)));
  }
  transporter?.close();
}

main();
