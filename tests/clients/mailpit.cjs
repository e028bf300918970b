// Calls methods of the client mailpit-api, one after the other, as standard input asks
// for, as JSON: [URL, [[method, argument, ...], ...]].  Prints their results as JSON; one
// that fails is {"error": message}.  A file is its type and its size.
// {ID} in an argument is the id of the message that was sent last.

"use strict";

const { MailpitClient } = require("mailpit-api");
const { text } = require("node:stream/consumers");

async function call(client, [method, ...given]) {
  try {
    const result = await client[method](...given);
    return result instanceof Blob ? [result.type, result.size] : result;
  } catch (error) {
    return { error: error.message };
  }
}

async function main() {
  const [url, calls] = JSON.parse(await text(process.stdin));
  const client = new MailpitClient(url);
  const results = [];
  let id = "";
  for (const each of calls) {
    const order = JSON.parse(JSON.stringify(each).replaceAll("{ID}", id));
    const result = (await call(client, order)) ?? null;
    if (each[0] === "sendMessage") id = result.ID;
    results.push(result);
  }
  console.log(JSON.stringify(results));
}

main();
