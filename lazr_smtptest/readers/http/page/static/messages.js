// The messages of the list, by cursor.

import { get } from "./api.js";
import { getPage, PAGE, takeEarly } from "./early.js";
import { cursorAt } from "./logic/rows.js";
import { quoted } from "./logic/query.js";
import { inTurn } from "./turns.js";

// The most messages that are kept.
const MOST = 600;
// Messages that are asked for by their ids: more are left as they are.
const MOST_IDS = 50;

/**
 * The messages that match a query: some that follow each other are loaded, of the others
 * it is known how many there are.
 */
export class Messages {
  /** Those that are loaded, newest first. */
  messages = [];
  /** How many are newer and older than those; the numbers are exact at the ends. */
  newer = 0;
  older = 0;
  /** Whether the newest and the oldest one are loaded. */
  isNewest = true;
  isOldest = true;
  /** How many arrived after the newest one was loaded. */
  waiting = 0;

  #query;
  #total = 0;
  // The numbers of the newest message of the list, of the newest one at all that is
  // known, and of the oldest one.
  #top = 0;
  #known = 0;
  #bottom = null;
  #inTurn = inTurn();

  constructor(query) {
    this.#query = query;
  }

  #get(options) {
    return getPage(this.#query, options);
  }

  /** Load the newest ones, and forget the others. */
  reload() {
    return this.#inTurn(() => this.#reload());
  }

  async #reload() {
    this.#begin(await (takeEarly(this.#query) ?? this.#get({ timeout: 1 })));
  }

  #begin(page) {
    this.#top = this.#known = page.messages[0]?.number ?? 0;
    this.waiting = 0;
    this.#replace(page.messages, true, page.next === null);
  }

  #replace(messages, isNewest, isOldest, newer = 0) {
    this.messages = messages;
    this.isNewest = isNewest;
    this.isOldest = isOldest;
    this.newer = newer;
    this.#settle();
  }

  /** Make the numbers of those that are not loaded fit to what is known. */
  #settle() {
    const others = Math.max(0, this.#total - this.messages.length);
    const [newer, older] = [this.isNewest ? 0 : 1, this.isOldest ? 0 : 1];
    if (this.isNewest) this.newer = 0;
    else if (this.isOldest) this.newer = Math.max(newer, others);
    else this.newer = Math.max(newer, Math.min(this.newer, others - older));
    this.older = this.isOldest ? 0 : Math.max(older, others - this.newer);
  }

  /** Whether all of them are loaded. */
  get isComplete() {
    return this.isNewest && this.isOldest;
  }

  /** Take the number of all that match, those that wait too. */
  count(matching) {
    this.#total = matching - this.waiting;
    this.#settle();
  }

  /** Ask for the number of all that match. */
  recount() {
    return this.#inTurn(async () =>
      this.count((await get("counts", { query: this.#query, timeout: 1 })).matching));
  }

  /**
   * Load what is missing of some rows, as they are when it is its turn.
   * @param {number} first - the index of the first row.
   * @param {number} end - that after the last one.
   * @param {number} length - how many rows the loaded messages make.
   * @returns {?Promise} null if nothing is missing.
   */
  load(first, end, length) {
    return this.#missing(first, end, length)
      && this.#inTurn(() => this.#missing(first, end, length)?.());
  }

  /** Return the function that loads what is missing; null if nothing is. */
  #missing(first, end, length) {
    if (this.isComplete) return null;
    const after = this.newer + length;
    if (!this.messages.length || end <= this.newer || first >= after) {
      return () => this.#jump(Math.max(0, first));
    }
    if (first < this.newer && !this.isNewest) return () => this.#up();
    return end > after && !this.isOldest ? () => this.#down() : null;
  }

  /** Load the next page of older ones. */
  async #down() {
    const page = await this.#get({ after: this.messages.at(-1).number });
    this.older -= page.messages.length;
    this.isOldest = page.next === null;
    const all = [...this.messages, ...page.messages];
    this.messages = all.slice(-MOST);
    if (all.length > MOST) {
      this.isNewest = false;
      this.newer += all.length - MOST;
    }
    this.#settle();
  }

  /** Load the page of newer ones before the loaded ones. */
  async #up() {
    const page = await this.#get({ order: "oldest", after: this.messages[0].number });
    // Those that arrived meanwhile wait.
    const found = page.messages.filter((each) => each.number <= this.#top).reverse();
    this.newer -= found.length;
    this.isNewest = page.next === null || found.length < page.messages.length;
    const all = [...found, ...this.messages];
    this.messages = all.slice(0, MOST);
    if (all.length > MOST) this.isOldest = false;
    this.#settle();
  }

  /** Load those about an index, and forget the others. */
  async #jump(index) {
    if (index < PAGE) return this.#reload();
    if (index + PAGE >= this.#total) {
      const page = await this.#get({ order: "oldest" });
      const found = page.messages.filter((each) => each.number <= this.#top).reverse();
      const newer = this.#total - found.length;
      return found.length ? this.#replace(found, page.next === null, true, newer) : this.#reload();
    }
    this.#bottom ??= (await this.#get({ order: "oldest", limit: 1 })).messages[0]?.number ?? 0;
    const after = cursorAt(index, this.#total, this.#top, this.#bottom);
    const page = await this.#get({ after });
    return page.messages.length
      ? this.#replace(page.messages, false, page.next === null, index) : this.#reload();
  }

  /**
   * Look for messages that are newer than the newest one.
   * @param {boolean} isShown - whether they are put before the others; else they wait.
   * @returns {Promise<number>} how many there are.
   */
  news(isShown) {
    return this.#inTurn(() => this.#news(isShown));
  }

  async #news(isShown) {
    const page = await this.#get({ timeout: 1 });
    const found = page.messages.filter((each) => each.number > this.#known);
    if (!found.length) return 0;
    const hasGap = found.length === page.messages.length && page.next !== null;
    const n = hasGap && !this.#query ? found[0].number - this.#known : found.length;
    const hasMissed = hasGap && this.#known > 0;
    this.#known = found[0].number;
    if (!isShown || !this.isNewest) {
      this.waiting += n;
      return n;
    }
    this.#total += n;
    if (hasMissed || this.waiting) {
      this.#begin(page);
      return n;
    }
    this.#top = this.#known;
    const all = [...found, ...this.messages];
    this.messages = all.slice(0, MOST);
    if (all.length > MOST) this.isOldest = false;
    this.#settle();
    return n;
  }

  /** Load messages anew that were changed, if they are among the loaded ones. */
  update(numbers) {
    return this.#inTurn(() => this.#update(numbers));
  }

  async #update(numbers) {
    const changed = new Set(numbers);
    const found = this.messages.filter((each) => changed.has(each.number));
    if (!found.length) return false;
    const limit = found[0].number - found.at(-1).number + 1;
    const page = await this.#get({ after: found[0].number + 1, limit: Math.min(limit, MOST) });
    const fresh = new Map(page.messages.map((each) => [each.number, each]));
    // What matches no more stays where it is until the list is loaded anew.
    const others = found.filter((each) => !fresh.has(each.number)).slice(0, MOST_IDS);
    if (others.length) {
      const query = others.map((each) => `id:${quoted(each.id)}`).join(" OR ");
      const { messages } = await get("messages", { query, limit: MOST_IDS });
      messages.forEach((each) => fresh.set(each.number, each));
    }
    this.messages = this.messages.map((each) => fresh.get(each.number) ?? each);
    return true;
  }

  /** Forget messages that were removed; `recount` tells of those that are not loaded. */
  remove(numbers) {
    return this.#inTurn(() => this.#remove(new Set(numbers)));
  }

  #remove(removed) {
    const before = this.messages.length;
    this.messages = this.messages.filter((each) => !removed.has(each.number));
    this.#total -= before - this.messages.length;
    this.#bottom = null;
    this.#settle();
  }
}
