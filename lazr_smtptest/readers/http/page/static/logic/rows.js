// Which rows of a long list are in the document: never more than MOST_ROWS of any number.
//
// Browsers limit the height of an element to some ten million pixels. A list that would
// be higher gets an element of the greatest height that is safe, and its scrollbar moves
// over several rows a pixel.

/** The most rows that are in the document at once. */
export const MOST_ROWS = 300;

/** The greatest height in pixels that every browser can scroll. */
export const MOST_HEIGHT = 8_000_000;

/**
 * Return the measures of a list.
 * @param {number} count - the number of its rows.
 * @param {number} rowHeight - the height of each, in pixels.
 * @param {number} viewHeight - that of the part that is seen.
 * @returns {{count: number, rowHeight: number, viewHeight: number, height: number,
 *   scale: number}} `height` is that of the element that scrolls; a pixel of the
 *   scrollbar stands for `scale` pixels of rows.
 */
export function measure(count, rowHeight, viewHeight) {
  const whole = count * rowHeight;
  const height = Math.min(whole, MOST_HEIGHT);
  const range = height - viewHeight;
  const scale = range > 0 ? (whole - viewHeight) / range : 1;
  return { count, rowHeight, viewHeight, height, scale };
}

/**
 * Return the rows to have in the document.
 * @param {Object} list - as of `measure`.
 * @param {number} scrollTop - where the scrollbar stands, in pixels.
 * @param {number} [spare] - rows above and below the part that is seen.
 * @returns {{first: number, end: number, top: number}} the first row, the one after the
 *   last, and where the first one is placed in the element, in pixels.
 */
export function rowsAt(list, scrollTop, spare = 10) {
  const most = Math.max(0, list.height - list.viewHeight);
  const place = Math.min(Math.max(0, scrollTop), most);
  const pixel = place * list.scale;
  const seen = Math.floor(pixel / list.rowHeight);
  const fits = Math.ceil(list.viewHeight / list.rowHeight) + 1;
  const around = Math.max(0, Math.min(spare, Math.floor((MOST_ROWS - fits) / 2)));
  const first = Math.max(0, seen - around);
  const end = Math.min(list.count, seen + Math.min(fits, MOST_ROWS) + around);
  return { first, end, top: place - (pixel - first * list.rowHeight) };
}

/** Return where the scrollbar stands when a row is the first one that is seen. */
export function placeOf(list, row) {
  const most = Math.max(0, list.height - list.viewHeight);
  return Math.min(most, Math.max(0, (row * list.rowHeight) / list.scale));
}

/** Return where the scrollbar must stand so that a row is seen; as it is, if it is. */
export function placeToSee(list, scrollTop, row) {
  const top = row * list.rowHeight;
  const pixel = Math.max(0, scrollTop) * list.scale;
  if (top < pixel) return placeOf(list, row);
  const bottom = top + list.rowHeight - list.viewHeight;
  return bottom > pixel ? placeOf(list, bottom / list.rowHeight) : scrollTop;
}

/**
 * The rows that were loaded by cursor, by their place in a list of which the rest is not
 * loaded. The API has pages by cursor only: a place far away is reached from the number
 * of a message, of which the newest and the oldest are known.
 */
export class Windows {
  /** @param {number} [most] - the most rows that are kept. */
  constructor(most = MOST_ROWS) {
    this.most = most;
    this.rows = [];
    this.first = 0;
  }

  /** Return the index after the last row that is kept. */
  get end() {
    return this.first + this.rows.length;
  }

  /** Return the row at an index; undefined: it is not loaded. */
  at(index) {
    return this.rows[index - this.first];
  }

  /** Return whether all rows from an index to before another are loaded. */
  has(first, end) {
    return first >= this.first && end <= this.end;
  }

  /** Put loaded rows at an index; those farthest from it are forgotten beyond `most`. */
  put(index, rows) {
    const joins = index <= this.end && index + rows.length >= this.first;
    if (!joins || this.rows.length === 0) {
      [this.first, this.rows] = [index, rows.slice(0, this.most)];
      return;
    }
    const before = this.rows.slice(0, Math.max(0, index - this.first));
    const after = this.rows.slice(Math.max(0, index + rows.length - this.first));
    const first = Math.min(this.first, index);
    const all = [...before, ...rows, ...after];
    const surplus = all.length - this.most;
    const dropsFirst = surplus > 0 && index > this.first ? Math.min(surplus, before.length) : 0;
    this.rows = all.slice(dropsFirst, dropsFirst + this.most);
    this.first = first + dropsFirst;
  }

  /** Move all rows down, for `count` newer ones that were not put. */
  shift(count) {
    this.first += count;
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
