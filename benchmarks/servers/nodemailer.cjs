// nodemailer's smtp-server, keeping the content of its messages.
//
//   node nodemailer.cjs OPTIONS
//
// OPTIONS is JSON: {"tls": {"key": PEM, "cert": PEM} or null, "login": "USER:PASSWORD"
// or ""}. It answers in lines of JSON, and ends with its input.

"use strict";

const readline = require("node:readline");
const { SMTPServer } = require("smtp-server");

const { tls, login } = JSON.parse(process.argv[2]);
const kept = [];

function say(facts) {
  console.log(JSON.stringify(facts));
}

function keep(stream, session, done) {
  const pieces = [];
  stream.on("data", (piece) => pieces.push(piece));
  stream.on("end", () => {
    kept.push(Buffer.concat(pieces));
    done();
  });
}

function judge({ username, password }, session, done) {
  if (`${username}:${password}` === login) return done(null, { user: username });
  return done(new Error("wrong password"));
}

const server = new SMTPServer({
  ...(tls || {}),
  authOptional: !login,
  allowInsecureAuth: true,
  disableReverseLookup: true,
  disabledCommands: [...(tls ? [] : ["STARTTLS"]), ...(login ? [] : ["AUTH"])],
  onAuth: judge,
  onData: keep,
});

server.listen(0, "127.0.0.1", () => say({ port: server.server.address().port }));

readline
  .createInterface({ input: process.stdin })
  .on("line", () => say({ messages: kept.length }))
  .on("close", () => process.exit(0));
