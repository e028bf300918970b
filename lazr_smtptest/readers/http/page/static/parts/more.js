// The first of many things, and a button that shows more of them.

import { html, nothing } from "../vendor/lit.js";
import { t } from "../lang.js";

/** How many are shown at first, and how many more each time: a browser draws all of them. */
export const STEP = 200;

/**
 * Return the button; nothing if all are shown.
 * @param {number} hidden - how many are not shown.
 * @param {function()} show - shows more.
 */
export function moreButton(hidden, show) {
  if (hidden <= 0) return nothing;
  return html`<button class="btn more" @click=${show}>${t("more", { n: hidden })}</button>`;
}
