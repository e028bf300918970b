// Sizes in bytes as people read them.

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/**
 * Return a size with a unit, in at most three digits before it grows: "4.1 kB".
 * @param {number} bytes - the size; units are of 1000 bytes.
 * @param {string} [locale] - the language of the number.
 */
export function size(bytes, locale) {
  let value = Math.max(0, bytes);
  let unit = 0;
  // 999.5 would be shown as 1000.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${format(locale, digits).format(value)}\u00a0${UNITS[unit]}`;
}

// To make one takes far longer than to use it.
const formats = new Map();

function format(locale, digits) {
  const key = `${locale} ${digits}`;
  if (!formats.has(key)) {
    formats.set(key, new Intl.NumberFormat(locale, { maximumFractionDigits: digits }));
  }
  return formats.get(key);
}

/** Return a size in bytes in full, with separators: "4,211". */
export function exact(bytes, locale) {
  return format(locale, 0).format(bytes);
}
