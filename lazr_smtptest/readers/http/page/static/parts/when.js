// When something happened, as «12s» or «3m» before now.

import { html } from "../vendor/lit.js";
import { currentLocale, formatTime } from "../lang.js";
import { ago } from "../logic/time.js";

/** Return the element that shows a time of the API. */
export function when(time) {
  const date = new Date(time);
  return html`<time datetime=${time} title=${formatTime(date)}>${ago(date, Date.now(), currentLocale())}</time>`;
}
