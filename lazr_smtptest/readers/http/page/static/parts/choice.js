// Buttons in a row, of which one is pressed.

import { html } from "../vendor/lit.js";

/**
 * Return the buttons.
 * @param {string} label - what is chosen.
 * @param {Object} names - the texts of the choices, by their names.
 * @param {string} chosen - the name of the one that is pressed.
 * @param {function(string)} choose - called with the name of another one.
 */
export function choice(label, names, chosen, choose) {
  return html`<span class="seg" role="group" aria-label=${label}>${Object.entries(names).map(
    ([name, text]) => html`<button type="button" aria-pressed=${name === chosen}
      @click=${() => choose(name)}>${text}</button>`)}</span>`;
}
