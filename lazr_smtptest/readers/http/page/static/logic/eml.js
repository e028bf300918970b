// A message in a file: its envelope, which the file does not have, from its header.

const ADDRESS = /[^\s<>()[\]\\,;:"@]+@[^\s<>()[\]\\,;:"@]+/g;
// The header fields by which exported messages keep their envelope end in this one.
const EXPORTED = /^Return-Path: <[^\n]*\n(?:[A-Z][A-Za-z-]*: ?[^\n]*\n)*X-Helo:/;
// Bytes of a header that are read.
const MOST = 1 << 20;

/** Return the bytes of a file as text, one character for each. */
export function asText(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

/** Return the addresses in the fields of a header with one of some names. */
function addressesOf(header, names) {
  const fields = header.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/);
  const found = fields.filter((each) => names.includes(each.split(":")[0].trim().toLowerCase()));
  const all = found.flatMap((each) => each.slice(each.indexOf(":") + 1).match(ADDRESS) ?? []);
  // A field in a list of ours is ASCII.
  return [...new Set(all)].filter((each) => /^[!-~]+$/.test(each));
}

/**
 * Return a message as the server takes it: with its envelope as header fields before it.
 * @param {string} text - the bytes of the file, one character for each.
 */
export function withEnvelope(text) {
  if (EXPORTED.test(text.slice(0, MOST))) return text;
  const [header] = text.slice(0, MOST).split(/\r?\n\r?\n/, 1);
  const [sender = ""] = [...addressesOf(header, ["sender"]), ...addressesOf(header, ["from"])];
  const recipients = addressesOf(header, ["to", "cc", "bcc"]);
  const fields = [
    `Return-Path: <${sender}>`,
    ...recipients.map((each) => `Delivered-To: ${each}`),
    "X-Peer: :0",
    "X-Helo: ",
  ];
  return `${fields.join("\r\n")}\r\n${text}`;
}
