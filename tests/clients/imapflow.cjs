// Read mail by ImapFlow; its argument is the port.
const { ImapFlow } = require("imapflow");

async function main() {
  const facts = {};
  const client = new ImapFlow({
    host: "127.0.0.1",
    port: Number(process.argv[2]),
    secure: false,
    auth: { user: "bob", pass: "secret" },
    logger: false,
  });
  await client.connect();
  facts.folders = (await client.list()).map((each) => each.path);
  const lock = await client.getMailboxLock("INBOX");
  try {
    facts.exists = client.mailbox.exists;
    facts.found = await client.search({ subject: "two" }, { uid: true });
    const message = await client.fetchOne("2", { envelope: true, source: true, size: true });
    facts.subject = message.envelope.subject;
    facts.whole = message.source.length === message.size;
    facts.flagged = await client.messageFlagsAdd("2", ["\\Flagged"]);
    const told = new Promise((resolve) => client.on("exists", (event) => resolve(event.count)));
    await client.append("INBOX", "From: ann@example.com\r\nSubject: added\r\n\r\nHello.\r\n");
    facts.told = await told;
    facts.deleted = await client.messageDelete("2");
    facts.left = await client.search({ all: true }, { uid: true });
  } finally {
    lock.release();
  }
  await client.logout();
  console.log(JSON.stringify(facts));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
