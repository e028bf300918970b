// The texts of the page, in the language of the reader.

import { remember, remembered } from "./storage.js";

const LANGUAGES = ["en", "de"];
const CHOICE = "language";

// How the language writes dates: in full, and the time of a day alone.
const TIME = { dateStyle: "medium", timeStyle: "medium" };
const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 };

let texts = {};
const locale = wanted();
// The document loads this module first: the texts come together with the others.
const loading = load();
// To make a formatter takes far longer than to use it.
const plurals = once(() => new Intl.PluralRules(locale));
const numbers = once(() => new Intl.NumberFormat(locale));
const times = once(() => new Intl.DateTimeFormat(locale, TIME));
const clocks = once(() => new Intl.DateTimeFormat(locale, CLOCK));

/** Return a function that makes something at its first call, and returns it then. */
function once(make) {
  let made;
  return () => (made ??= make());
}

/** Return the language to use: the chosen one, or the first known of the browser. */
function wanted() {
  const all = [remembered(CHOICE), ...navigator.languages].filter(Boolean);
  const known = all.find((each) => LANGUAGES.includes(each.slice(0, 2)));
  return known ?? "en";
}

/** Load the texts of the language, which the document is said to be in. */
async function load() {
  const name = locale.slice(0, 2);
  document.documentElement.lang = name;
  const response = await fetch(new URL(`lang/${name}.json`, import.meta.url));
  return flat(await response.json());
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

/** Wait for the texts; nothing can be shown before. */
export async function loadLanguage() {
  texts = await loading;
}

/** Add texts to those of the language file, in groups as there. */
export function addTexts(groups) {
  texts = { ...texts, ...flat(groups) };
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
    text = text[plurals().select(values.n)] ?? text.other;
  }
  return text.replaceAll(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return typeof value === "number" ? formatNumber(value) : (value ?? whole);
  });
}

/** Return a number as the language writes it. */
export function formatNumber(value) {
  // Both languages write small ones alike, without the formatter, which delays the first paint.
  if (Number.isInteger(value) && Math.abs(value) < 1000) return `${value}`;
  return numbers().format(value);
}

/** Return a time of the API, or a Date, in full, to the second; "" where there is none. */
export function formatTime(time) {
  return time ? times().format(new Date(time)) : "";
}

/** Return the time of a day, to the millisecond; "" where there is none. */
export function formatClock(time) {
  return time ? clocks().format(new Date(time)) : "";
}
