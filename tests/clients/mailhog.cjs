// Reads mail by the client mailhog, as standard input asks for, as JSON: [port, [[method,
// argument, ...], ...]].  Prints the results as JSON: messages with the properties that
// the client decodes, answers without a body as their status.

"use strict";

const mailhog = require("mailhog");
const { text } = require("node:stream/consumers");

const decoded = ({ ID, text, html, subject, from, to, attachments }) => ({
  ...{ ID, text, html, subject, from, to },
  attachments: attachments.map(({ name, type, encoding }) => [name, type, encoding]),
});

function shown(result) {
  if (result?.items) return { ...result, items: result.items.map(decoded) };
  return result?.ID ? decoded(result) : (result?.statusCode ?? result);
}

async function main() {
  const [port, calls] = JSON.parse(await text(process.stdin));
  const api = mailhog({ host: "127.0.0.1", port });
  const results = [];
  for (const [method, ...given] of calls) {
    results.push(shown(await api[method](...given)));
  }
  console.log(JSON.stringify(results));
}

main();
