// Calls methods of the client mailpit-api, one after the other, as standard input asks
// for, as JSON: [URL, [[method, argument, ...], ...]].  Prints their results as JSON; one
// that fails is {"error": message}.  A file is its type and its size.

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
  for (const each of calls) results.push((await call(client, each)) ?? null);
  console.log(JSON.stringify(results));
}

main();
