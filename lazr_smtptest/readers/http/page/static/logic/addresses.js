// Addresses as people type them.

const MAILBOX = /(?:"([^"]*)"\s*|([^,;"<>]*))<([^<>]*)>|[^\s,;]+/g;

/**
 * Return the mailboxes in a text, such as "Anna <anna@example.com>"; commas, semicolons or
 * spaces separate addresses without names.
 * @returns {{Name: string, Email: string}[]}
 */
export function mailboxesIn(text) {
  return [...text.matchAll(MAILBOX)].map(([whole, quoted, name, address]) =>
    ({ Name: (quoted ?? name ?? "").trim(), Email: address ?? whole }));
}
