// A table of names and values.

import { html } from "../vendor/lit.js";

/**
 * Return the table.
 * @param {[string, *][]} rows - each a name and a value.
 * @param {string} label - what it is of.
 */
export function table(rows, label) {
  return html`<table class="table" aria-label=${label}><tbody>${rows.map(([name, value]) => html`<tr>
    <th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>`;
}
