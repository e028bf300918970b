// Where the standard speaks of an irregularity that the server accepted, by its name.
//
// What each is stands in the texts of meanings.js: "warning.bare-newline", and where, as
// "section.bare-newline".

/**
 * Return where the standard speaks of an irregularity.
 * @param {string} kind - its name.
 * @param {function(string): string} t - returns a text of the page, or the key if there
 *   is none.
 * @returns {?{rfc: string, section: string, url: string}} null: its name is not known.
 */
export function sectionOf(kind, t) {
  const key = `section.${kind}`;
  const place = t(key);
  if (place === key) return null;
  const [rfc, section] = place.split(" ");
  return { rfc, section, url: `https://www.rfc-editor.org/rfc/rfc${rfc}#section-${section}` };
}
