// A message in a file: its envelope, which the file does not have, from its header.

const ADDRESS = /[^\s<>()[\]\\,;:"@]+@[^\s<>()[\]\\,;:"@]+/g;
// The header fields by which exported messages keep their envelope end in this one.
const EXPORTED = /^Return-Path: <[^\n]*\n(?:[A-Z][A-Za-z-]*: ?[^\n]*\n)*X-Helo:/;

/** Return the addresses in the fields of a header with one of some names. */
function addressesOf(header, names) {
  const fields = header.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/);
  const found = fields.filter((each) => names.includes(each.split(":")[0].trim().toLowerCase()));
  const all = found.flatMap((each) => each.slice(each.indexOf(":") + 1).match(ADDRESS) ?? []);
  // A field in a list of ours is ASCII.
  return [...new Set(all)].filter((each) => /^[!-~]+$/.test(each));
}

/**
 * Return the header fields by which the server knows the envelope of a message; empty if it
 * has them.
 * @param {string} text - the beginning of the message.
 */
export function envelopeOf(text) {
  if (EXPORTED.test(text)) return "";
  const [header] = text.split(/\r?\n\r?\n/, 1);
  const [sender = ""] = [...addressesOf(header, ["sender"]), ...addressesOf(header, ["from"])];
  const recipients = addressesOf(header, ["to", "cc", "bcc"]);
  return [
    `Return-Path: <${sender}>`,
    ...recipients.map((each) => `Delivered-To: ${each}`),
    "X-Peer: :0",
    "X-Helo: ",
    "",
  ].join("\r\n");
}
