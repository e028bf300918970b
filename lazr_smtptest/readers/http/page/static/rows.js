// The rows of the list: messages by cursor, and between them the refused sessions.

import { get } from "./api.js";

// Messages of one request.
export const PAGE = 100;

/** Return when a session ended, in milliseconds. */
function endOf(session) {
  return Date.parse(session.started_at) + 1000 * (session.seconds ?? 0);
}

/**
 * Merge messages and refused sessions, newest first.
 * @param {Object[]} messages - summaries, newest first.
 * @param {Object[]} sessions - sessions, newest first.
 * @param {boolean} isComplete - whether there are no older messages; otherwise sessions
 *   older than the oldest message are left out: older messages belong above them.
 * @returns {{key: string, message: Object, session: Object}[]} each has one of the two.
 */
export function mergeRows(messages, sessions, isComplete) {
  const rows = [];
  let next = 0;
  for (const message of messages) {
    const time = Date.parse(message.received_at);
    while (next < sessions.length && endOf(sessions[next]) > time) {
      rows.push({ key: `s${sessions[next].id}`, session: sessions[next] });
      next += 1;
    }
    rows.push({ key: `m${message.id}`, message });
  }
  for (; isComplete && next < sessions.length; next += 1) {
    rows.push({ key: `s${sessions[next].id}`, session: sessions[next] });
  }
  return rows;
}

/** The messages that match a query, as far as they were loaded, newest first. */
export class Messages {
  messages = [];
  isComplete = false;
  #query;
  #next = null;
  #loading = null;

  constructor(query) {
    this.#query = query;
  }

  #get(options) {
    return get("messages", { query: this.#query, limit: PAGE, ...options });
  }

  /** Load the newest page, and forget the others. */
  async reload() {
    const page = await this.#get({ timeout: 1 });
    this.messages = page.messages;
    this.#setNext(page);
  }

  #setNext(page) {
    this.#next = page.next;
    this.isComplete = page.next === null;
  }

  /** Load the next page of older messages, if there is one. */
  async more() {
    // There is none behind the last one, nor before the first page is there.
    if (this.#next === null || this.#loading) return;
    this.#loading = this.#get({ after: this.#next });
    try {
      const page = await this.#loading;
      this.messages = [...this.messages, ...page.messages];
      this.#setNext(page);
    } finally {
      this.#loading = null;
    }
  }

  /**
   * Load messages that are newer than the newest one.
   * @returns {Promise<Object[]|null>} them, newest first; null if they are so many that
   *   everything has to be loaded anew.
   */
  async news() {
    const page = await this.#get({ timeout: 1 });
    const newest = this.messages[0]?.number ?? 0;
    const found = page.messages.filter((each) => each.number > newest);
    const hasGap = found.length === page.messages.length && page.next !== null;
    return hasGap && newest > 0 ? null : found;
  }

  /** Put newer messages in front; a page that came meanwhile may have them. */
  prepend(found) {
    const newest = this.messages[0]?.number ?? 0;
    this.messages = [...found.filter((each) => each.number > newest), ...this.messages];
  }

  /** Load messages anew that were changed, if they are among the loaded ones. */
  async update(numbers) {
    const changed = new Set(numbers);
    const first = this.messages.find((each) => changed.has(each.number));
    if (!first) return false;
    const page = await this.#get({ after: first.number + 1 });
    const fresh = new Map(page.messages.map((each) => [each.number, each]));
    this.messages = this.messages.map((each) => fresh.get(each.number) ?? each);
    return true;
  }

  /** Forget messages that were removed. */
  remove(numbers) {
    const removed = new Set(numbers);
    this.messages = this.messages.filter((each) => !removed.has(each.number));
  }
}
