// The rows of the list: messages, and between them the refused sessions.

import { measure, pixelToSee, rowsAt, Scroll } from "./logic/rows.js";
import { Messages } from "./messages.js";
import { state } from "./state.js";
import { throttled } from "./throttle.js";

// Rows above and below the visible ones that are in the document, too.
const SPARE = 20;
// Milliseconds between two counts of what matches a query.
const PAUSE = 1000;

/** Return when a session ended, in milliseconds. */
function endOf(session) {
  return Date.parse(session.started_at) + 1000 * (session.seconds ?? 0);
}

/**
 * Merge messages and refused sessions, newest first.
 * @param {Object[]} messages - summaries, newest first.
 * @param {Object[]} sessions - sessions, newest first.
 * @param {boolean} isNewest - whether there are no newer messages; otherwise sessions
 *   newer than the newest message are left out: newer messages belong between them.
 * @param {boolean} isOldest - the same for older messages.
 * @returns {{key: string, message: Object, session: Object}[]} each has one of the two.
 */
export function mergeRows(messages, sessions, isNewest, isOldest) {
  const rows = [];
  let next = 0;
  for (const message of messages) {
    const time = Date.parse(message.received_at);
    for (; next < sessions.length && endOf(sessions[next]) > time; next += 1) {
      if (isNewest || rows.length) rows.push(rowOf(sessions[next]));
    }
    rows.push({ key: `m${message.id}`, message });
  }
  return isOldest ? [...rows, ...sessions.slice(next).map(rowOf)] : rows;
}

function rowOf(session) {
  return { key: `s${session.id}`, session };
}

/**
 * The rows of a query: those that are loaded, which of them are in the document, and where
 * the scrollbar stands.
 */
export class Rows {
  /** The rows that are loaded. */
  rows = [];
  /** The indices of the first row in the document, and of the one after the last. */
  place = { first: 0, end: 0 };
  /** Whether the first messages are there, or that there are none is known. */
  isLoaded = false;
  /** Pixels that are seen of the list. */
  viewHeight = 0;

  #rowHeight;
  #changed;
  #messages;
  // How many rows are before and after those that are loaded.
  #before = 0;
  #after = 0;
  #scroll = new Scroll();
  #filling = null;
  #catchingUp = null;
  #count = throttled(() => this.#recount(), PAUSE);

  /**
   * @param {string} query
   * @param {number} rowHeight - pixels.
   * @param {function()} changed - called when something else is to be drawn.
   */
  constructor(query, rowHeight, changed) {
    this.query = query;
    this.#rowHeight = rowHeight;
    this.#changed = changed;
    this.#messages = new Messages(query);
  }

  // What there is

  /** How many messages match. */
  get matching() {
    const { newer, messages, older } = this.#messages;
    return newer + messages.length + older;
  }

  /** How many have arrived that are not shown. */
  get waiting() {
    return this.#messages.waiting;
  }

  /** Load the newest ones; raises a Problem. */
  async reload() {
    await this.#messages.reload();
    this.isLoaded = true;
    this.merge();
    this.#countIfNeeded();
  }

  /** Show the messages that wait, from the first one on. */
  async showNews() {
    await this.#messages.reload();
    this.#scroll.go(this.#measures, 0);
    this.merge();
  }

  /** Look for new messages; return how many there are. */
  async readNews() {
    const n = await this.#messages.news(!this.#isScrolled);
    this.merge();
    if (n) this.#countIfNeeded();
    return n;
  }

  /** Load messages anew that were changed. */
  async update(numbers) {
    if (await this.#messages.update(numbers)) this.merge();
  }

  /** Forget messages that were removed. */
  async remove(numbers) {
    await this.#messages.remove(numbers);
    this.merge();
    this.#countIfNeeded();
  }

  /** The number of all messages is known anyway. */
  #countIfNeeded() {
    if (this.query && !this.#messages.isComplete) this.#count();
  }

  async #recount() {
    await this.#messages.recount().catch(() => {});
    this.merge();
  }

  /** Make rows of what is known; those that are seen stay where they are. */
  merge() {
    const messages = this.#messages;
    if (!this.query && state.counts) messages.count(state.counts.messages);
    const seen = this.firstSeen;
    const anchor = this.#scroll.pixel > 0 && this.at(seen);
    const sessions = this.query ? [] : state.failed;
    this.rows = mergeRows(messages.messages, sessions, messages.isNewest, messages.isOldest);
    [this.#before, this.#after] = [messages.newer, messages.older];
    const index = anchor ? this.indexOf(anchor.key) : -1;
    const moved = index < 0 ? 0 : (index - seen) * this.#rowHeight;
    this.#scroll.go(this.#measures, this.#scroll.pixel + moved);
    this.draw();
  }

  // Where the list stands

  get #measures() {
    return measure(this.count, this.#rowHeight, this.viewHeight);
  }

  /** How many rows there are, loaded or not. */
  get count() {
    return this.#before + this.rows.length + this.#after;
  }

  /** Return the row at an index; undefined: it is not loaded. */
  at(index) {
    return this.rows[index - this.#before];
  }

  /** Return the index of a row; -1: it is not loaded. */
  indexOf(key) {
    const index = this.rows.findIndex((each) => each.key === key);
    return index < 0 ? -1 : index + this.#before;
  }

  /** The index of the first row that is seen as a whole. */
  get firstSeen() {
    return Math.ceil(this.#scroll.pixel / this.#rowHeight);
  }

  /** The rows that are in the document, each with its index. */
  get shown() {
    const { first, end } = this.place;
    return Array.from({ length: end - first }, (_, each) => ({
      index: first + each, row: this.at(first + each),
    }));
  }

  /** Pixels: the height of all rows, where the first one begins, and the scrollbar stands. */
  get pixels() {
    const { pixel, place } = this.#scroll;
    const top = place - pixel + this.place.first * this.#rowHeight;
    return { height: this.#measures.height, top, place };
  }

  get #isScrolled() {
    return this.#scroll.pixel > this.#rowHeight / 2 || !this.#messages.isNewest;
  }

  /** Follow the scrollbar. */
  follow(place) {
    this.#scroll.follow(this.#measures, place);
    this.draw();
  }

  /** Let the scrollbar stand where it belongs, after it was followed step by step. */
  settle() {
    this.#scroll.go(this.#measures, this.#scroll.pixel);
    this.#changed();
  }

  /** Choose the rows that are in the document, and load them. */
  draw() {
    this.place = rowsAt(this.#measures, this.#scroll.pixel, SPARE);
    this.#changed();
    this.#fill();
    if (!this.#isScrolled && this.waiting) this.#catchUp();
  }

  /** Show what waits, by one request however often it is drawn meanwhile. */
  #catchUp() {
    this.#catchingUp ??= this.showNews().catch(() => {}).finally(() => (this.#catchingUp = null));
  }

  /** Load what is seen and not there yet, by one request after the other. */
  #fill() {
    this.#filling ??= this.#fillAll().catch(() => {}).finally(() => (this.#filling = null));
  }

  async #fillAll() {
    for (;;) {
      const { first, end } = this.place;
      const last = Math.min(end + SPARE, this.count);
      const loading = this.isLoaded && this.#messages.load(first - SPARE, last, this.rows.length);
      if (!loading) return;
      await loading;
      this.merge();
    }
  }

  /** Show the row at an index, or the last one, and return it when it is loaded. */
  async goTo(index) {
    let row;
    // There may be others where it was thought to be.
    for (let seen = -1; ;) {
      const wanted = Math.min(index, this.count - 1);
      if (wanted === seen || wanted < 0) return row;
      seen = wanted;
      this.#scroll.go(this.#measures, pixelToSee(this.#measures, this.#scroll.pixel, wanted));
      this.draw();
      if (!this.at(wanted)) await this.#filling;
      row = this.at(wanted);
    }
  }
}
