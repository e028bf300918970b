// The messages that are selected, which need not be loaded any more.

/** By the keys of their rows. It never changes: each method returns another one. */
export class Selection {
  #messages;

  constructor(messages = new Map()) {
    this.#messages = messages;
  }

  get size() {
    return this.#messages.size;
  }

  /** The messages, in the order in which they were selected. */
  get messages() {
    return [...this.#messages.values()];
  }

  has(row) {
    return this.#messages.has(row.key);
  }

  /** Select a row, or do no more; refused sessions cannot be selected. */
  toggle(row) {
    if (!row?.message) return this;
    const messages = new Map(this.#messages);
    if (!messages.delete(row.key)) messages.set(row.key, row.message);
    return new Selection(messages);
  }

  /** Select some rows too. */
  with(rows) {
    const found = rows.filter((each) => each.message).map((each) => [each.key, each.message]);
    return new Selection(new Map([...this.#messages, ...found]));
  }

  /** Forget messages, by their numbers. */
  without(numbers) {
    const left = [...this.#messages].filter(([, each]) => !numbers.has(each.number));
    return new Selection(new Map(left));
  }
}
