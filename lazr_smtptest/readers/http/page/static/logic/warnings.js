// Where the standard speaks of an irregularity that the server accepted, by its name.
//
// What each is stands in the language files: "warning.bare-newline".

const SECTIONS = {
  "bare-newline": "5321 2.3.8",
  "long-line": "5321 4.5.3.1.6",
  "undeclared-8bit": "6152 3",
  "undeclared-utf8": "6531 3.4",
  "no-hello": "5321 4.1.4",
  "pipelining": "2920 3.1",
  "no-domain": "5321 4.1.2",
  "space-before-path": "5321 3.3",
  "space-before-colon": "5321 4.1.1.2",
  "no-brackets": "5321 4.1.2",
  "bad-domain": "5321 4.1.2",
  "trailing-dot": "5321 2.3.5",
  "invisible-character": "5892 2",
  "bad-idn": "5890 2.3.2.1",
  "control-character": "5198 2",
  "long-local-part": "5321 4.5.3.1.1",
  "long-domain": "5321 4.5.3.1.2",
  "bad-hello": "5321 4.1.1.1",
  "esmtp-after-helo": "5321 2.2.1",
  "auth-in-brackets": "4954 5",
  "nul": "2045 2.7",
};

/** Return the names of the irregularities that have an explanation. */
export function knownWarnings() {
  return Object.keys(SECTIONS);
}

/**
 * Return where the standard speaks of an irregularity.
 * @returns {?{rfc: string, section: string, url: string}} null: its name is not known.
 */
export function sectionOf(kind) {
  if (!Object.hasOwn(SECTIONS, kind)) return null;
  const [rfc, section] = SECTIONS[kind].split(" ");
  return { rfc, section, url: `https://www.rfc-editor.org/rfc/rfc${rfc}#section-${section}` };
}
