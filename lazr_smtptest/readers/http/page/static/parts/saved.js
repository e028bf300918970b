// Saved searches, in the storage of the browser.

import { remember, remembered } from "../storage.js";

const KEY = "searches";

class SavedSearches extends EventTarget {
  #all;

  constructor() {
    super();
    try {
      this.#all = JSON.parse(remembered(KEY)) ?? [];
    } catch {
      this.#all = [];
    }
  }

  /** The queries, in the order in which they were saved. */
  get all() {
    return this.#all;
  }

  has(query) {
    return this.#all.includes(query.trim());
  }

  /** Save a query, or forget it. */
  toggle(query) {
    const text = query.trim();
    this.#all = this.has(text)
      ? this.#all.filter((each) => each !== text)
      : [...this.#all, text];
    remember(KEY, JSON.stringify(this.#all));
    this.dispatchEvent(new Event("change"));
  }
}

export const savedSearches = new SavedSearches();
