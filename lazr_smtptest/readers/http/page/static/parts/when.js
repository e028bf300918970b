// When something happened, as «12 s» or «3 min» before now.

import { html } from "../vendor/lit.js";
import { currentLocale, formatTime } from "../lang.js";

const UNITS = [["second", 60], ["minute", 60], ["hour", 24], ["day", 14]];

/** Return the time since a moment in one unit; after two weeks, the date. */
export function ago(date, now = new Date()) {
  let value = Math.max(0, (now - date) / 1000);
  for (const [unit, next] of UNITS) {
    if (value < next) {
      const style = { style: "unit", unit, unitDisplay: "narrow" };
      return new Intl.NumberFormat(currentLocale(), style).format(Math.floor(value));
    }
    value /= next;
  }
  return new Intl.DateTimeFormat(currentLocale(), { dateStyle: "short" }).format(date);
}

/** Return the element that shows a time of the API. */
export function when(time) {
  const date = new Date(time);
  return html`<time datetime=${time} title=${formatTime(date)}>${ago(date)}</time>`;
}
