// When something happened, as «12s» or «3m» before now.

import { html, nothing } from "../vendor/lit.js";
import { currentLocale, formatTime } from "../lang.js";
import { ago } from "../logic/time.js";

/** Return the element that shows a time of the API; nothing where there is none. */
export function when(time) {
  if (!time) return nothing;
  const date = new Date(time);
  return html`<time datetime=${time} title=${formatTime(date)}>${ago(date, Date.now(), currentLocale())}</time>`;
}
