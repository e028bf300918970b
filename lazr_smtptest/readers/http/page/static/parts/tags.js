// The colours of tags.

import { html } from "../vendor/lit.js";

const COLOURS = 8;

/** Return the square of a tag: its colour is always the same for the same name. */
export function tagSquare(name) {
  let sum = 0;
  for (const letter of name) sum = (31 * sum + letter.codePointAt(0)) >>> 0;
  return html`<span class="tag" .style=${`background: var(--tag-${sum % COLOURS})`}></span>`;
}
