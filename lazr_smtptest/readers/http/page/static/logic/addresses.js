// Addresses as people type them.

/** Return the addresses in a text, which commas, semicolons or spaces separate. */
export function addressesIn(text) {
  return text.split(/[\s,;]+/).filter(Boolean);
}
