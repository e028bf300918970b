// Texts of strangers: letters that cannot be seen, or that turn a text, are marks.

import { html } from "../vendor/lit.js";
import { visible } from "../logic/bidi.js";

/** Return a text with such letters shown by their names. */
export function marked(text) {
  return visible(text).map((each) => each.mark
    ? html`<span class="mark">${each.mark}</span>` : each.text);
}
