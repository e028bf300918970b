// The time since something happened, in one unit.

const UNITS = [["second", 1, 60], ["minute", 60, 60], ["hour", 3600, 24], ["day", 86400, 14]];

/** Return the unit of a number of seconds, and how long it is; null: over two weeks. */
function unitOf(seconds) {
  return UNITS.find(([, length, most]) => seconds < length * most) ?? null;
}

// By language and unit: to make one takes far longer than to use it.
const formatters = new Map();

function formatter(locale, unit) {
  const key = `${locale} ${unit}`;
  if (!formatters.has(key)) {
    const style = { style: "unit", unit, unitDisplay: "narrow" };
    formatters.set(key, new Intl.NumberFormat(locale, style));
  }
  return formatters.get(key);
}

/**
 * Return the time since a moment, such as "12s" or "3 min"; after two weeks, the date.
 * @param {Date|number} then - when it happened.
 * @param {Date|number} now - the present; a clock that is behind counts as now.
 * @param {string} [locale] - the language.
 */
export function ago(then, now, locale) {
  const seconds = Math.max(0, (now - then) / 1000);
  const unit = unitOf(seconds);
  if (unit === null) {
    return new Intl.DateTimeFormat(locale, { dateStyle: "short" }).format(then);
  }
  return formatter(locale, unit[0]).format(Math.floor(seconds / unit[1]));
}

/** Return the milliseconds after which `ago` changes: one timer serves a whole list. */
export function untilChange(then, now) {
  const passed = Math.max(0, now - then);
  const unit = unitOf(passed / 1000);
  if (unit === null) return Infinity;
  const length = 1000 * unit[1];
  return length - (passed % length) + Math.max(0, then - now);
}

/** Return a delay in seconds in short: "4 ms", "1.5 s", "2 min". */
export function delay(seconds, locale) {
  const size = Math.abs(seconds);
  const [unit, length, digits] =
    size < 1 ? ["millisecond", 0.001, 0]
      : size < 60 ? ["second", 1, 1]
        : size < 5400 ? ["minute", 60, 0] : ["hour", 3600, 1];
  const style = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: digits };
  return new Intl.NumberFormat(locale, style).format(seconds / length);
}
