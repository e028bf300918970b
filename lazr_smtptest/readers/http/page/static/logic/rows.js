// Which rows of a long list are in the document: never more than MOST_ROWS of any number.
//
// Browsers limit the height of an element to some ten million pixels. A list that would
// be higher gets an element of the greatest height that is safe. Near its ends a pixel of
// the scrollbar is a pixel of rows; between them it stands for several.

/** The most rows that are in the document at once. */
export const MOST_ROWS = 300;

/** The greatest height in pixels that every browser can scroll. */
export const MOST_HEIGHT = 8_000_000;

// Pixels at each end of the scrollbar that are not scaled.
const END = 1_000_000;
// A step of more than so many heights of the window is a drag of the scrollbar.
const LONGEST_STEP = 2;

/**
 * Return the measures of a list.
 * @param {number} count - the number of its rows.
 * @param {number} rowHeight - the height of each, in pixels.
 * @param {number} viewHeight - that of the part that is seen.
 * @returns {{count: number, rowHeight: number, viewHeight: number, height: number,
 *   most: number, last: number, scale: number}} `height` is that of the element that
 *   scrolls, `most` the greatest place of its scrollbar, and `last` the pixel of the rows
 *   that is at the top then; between the ends a pixel of the scrollbar stands for `scale`
 *   pixels of rows.
 */
export function measure(count, rowHeight, viewHeight) {
  const whole = count * rowHeight;
  const height = Math.min(whole, MOST_HEIGHT);
  const most = Math.max(0, height - viewHeight);
  const last = Math.max(0, whole - viewHeight);
  const scale = last > most ? (last - 2 * END) / (most - 2 * END) : 1;
  return { count, rowHeight, viewHeight, height, most, last, scale };
}

/** Return the pixel of the rows that is at the top where the scrollbar stands. */
export function pixelAt({ most, last, scale }, place) {
  const at = Math.min(Math.max(0, place), most);
  if (at <= END) return at;
  return at >= most - END ? last - (most - at) : END + (at - END) * scale;
}

/** Return where the scrollbar stands when a pixel of the rows is at the top. */
export function placeOf({ most, last, scale }, pixel) {
  const at = Math.min(Math.max(0, pixel), last);
  if (at <= END) return Math.min(at, most);
  return at >= last - END ? most - (last - at) : END + (at - END) / scale;
}

/**
 * Return the rows to have in the document.
 * @param {Object} list - as of `measure`.
 * @param {number} pixel - of the rows, at the top of what is seen.
 * @param {number} [spare] - rows above and below the part that is seen.
 * @returns {{first: number, end: number}} the first row, and the one after the last.
 */
export function rowsAt(list, pixel, spare = 10) {
  const seen = Math.floor(Math.min(Math.max(0, pixel), list.last) / list.rowHeight);
  const fits = Math.ceil(list.viewHeight / list.rowHeight) + 1;
  const around = Math.max(0, Math.min(spare, Math.floor((MOST_ROWS - fits) / 2)));
  const first = Math.max(0, seen - around);
  const end = Math.min(list.count, seen + Math.min(fits, MOST_ROWS - around) + around);
  return { first, end };
}

/** Return the pixel to have at the top so that a row is seen; the same, if it is. */
export function pixelToSee(list, pixel, row) {
  const top = row * list.rowHeight;
  if (top < pixel) return top;
  return Math.max(pixel, top + list.rowHeight - list.viewHeight);
}

/** Where a list stands: the pixel of its rows at the top, and the place of its scrollbar. */
export class Scroll {
  pixel = 0;
  place = 0;

  /** Follow the scrollbar: short steps move the rows as far, others go where it points. */
  follow(list, place) {
    const step = place - this.place;
    const isDrag = Math.abs(step) > LONGEST_STEP * list.viewHeight;
    const isEnd = place <= 0 || place >= list.most;
    this.pixel = isDrag || isEnd
      ? pixelAt(list, place)
      : Math.min(Math.max(0, this.pixel + step), list.last);
    this.place = place;
  }

  /** Go to a pixel of the rows. */
  go(list, pixel) {
    this.pixel = Math.min(Math.max(0, pixel), list.last);
    this.place = placeOf(list, this.pixel);
  }
}

/**
 * Return the cursor from which to load rows near an index, newest first.
 * @param {number} index - the place in the list.
 * @param {number} count - the number of rows of the list.
 * @param {number} newest - the number of its newest message.
 * @param {number} oldest - that of its oldest one.
 * @returns {?number} the value of `after`; null: from the newest on. Messages that were
 *   removed make it inexact, but never by more than their number.
 */
export function cursorAt(index, count, newest, oldest) {
  if (index <= 0 || count <= 1) return null;
  const share = Math.min(1, index / (count - 1));
  return Math.round(newest - share * (newest - oldest)) + 1;
}
