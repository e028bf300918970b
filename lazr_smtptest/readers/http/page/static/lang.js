// The texts of the page, in the language of the reader.

import { remember, remembered } from "./storage.js";

const LANGUAGES = ["en", "de"];
const CHOICE = "language";

let texts = {};
let locale;
let formats;
use("en");

/** Use a language. To make a formatter takes far longer than to use it. */
function use(name) {
  locale = name;
  formats = {
    plurals: new Intl.PluralRules(name),
    number: new Intl.NumberFormat(name),
    time: new Intl.DateTimeFormat(name, { dateStyle: "medium", timeStyle: "medium" }),
    clock: new Intl.DateTimeFormat(name, {
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      fractionalSecondDigits: 3,
    }),
  };
}

/** Return the language to use: the chosen one, or the first known of the browser. */
function wanted() {
  const all = [remembered(CHOICE), ...navigator.languages].filter(Boolean);
  const known = all.find((each) => LANGUAGES.includes(each.slice(0, 2)));
  return known ?? "en";
}

/** Load the texts; nothing can be shown before. */
export async function loadLanguage() {
  use(wanted());
  const name = locale.slice(0, 2);
  const response = await fetch(new URL(`lang/${name}.json`, import.meta.url));
  texts = flat(await response.json());
  document.documentElement.lang = name;
}

/** Return the texts by keys such as "tab.html", of groups such as "tab". */
function flat(group, prefix = "") {
  return Object.fromEntries(Object.entries(group).flatMap(([name, text]) =>
    isText(text) ? [[prefix + name, text]] : Object.entries(flat(text, `${name}.`))));
}

/** Whether this is a text, or one with a plural, and no group. */
function isText(value) {
  return typeof value === "string" || "other" in value;
}

/** Remember a language, and load the page again in it. */
export function chooseLanguage(name) {
  remember(CHOICE, name);
  location.reload();
}

/** Return the current language, such as "de-AT". */
export function currentLocale() {
  return locale;
}

/** Return the languages that the page has. */
export function languages() {
  return LANGUAGES;
}

/**
 * Return a text of the language file.
 * @param {string} key - its name there. A text may have forms for plurals ("one",
 *   "other"), which `values.n` chooses.
 * @param {Object} [values] - what replaces {name} in it; numbers are formatted.
 */
export function t(key, values = {}) {
  let text = texts[key] ?? key;
  if (typeof text === "object") {
    text = text[formats.plurals.select(values.n)] ?? text.other;
  }
  return text.replaceAll(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return typeof value === "number" ? formatNumber(value) : (value ?? whole);
  });
}

/** Return a number as the language writes it. */
export function formatNumber(value) {
  return formats.number.format(value);
}

/** Return a date and time in full, to the second. */
export function formatTime(date) {
  return formats.time.format(date);
}

/** Return the time of a day, to the millisecond. */
export function formatClock(date) {
  return formats.clock.format(date);
}
