// The list of mail: live, with the refused sessions among the messages.

import { html, nothing, repeat } from "../vendor/lit.js";
import { changeMessages, removeMessages } from "../api.js";
import { feed } from "../feed.js";
import { addKeys } from "../keys.js";
import { t } from "../lang.js";
import { measure, placeToSee, rowsAt } from "../logic/rows.js";
import { Part } from "../part.js";
import { attempt, toast } from "../parts/toast.js";
import { showSearchProblem } from "../parts/search.js";
import { currentRoute, go, href } from "../route.js";
import { mergeRows, Messages } from "../rows.js";
import { state } from "../state.js";
import { throttled } from "../throttle.js";
import { messageRow, refusedRow } from "./row.js";

// Pixels; as --row in tokens.css.
const ROW = 56;
// Rows above and below the visible ones that are in the document, too.
const SPARE = 20;
// Milliseconds between two looks for news while messages arrive.
const PAUSE = 250;
const ANNOUNCED = 1000;
const TICK = 10_000;

class MailList extends Part {
  static properties = {
    query: {},
    current: {},
    rows: { state: true },
    place: { state: true },
    cursor: { state: true },
    selected: { state: true },
    waiting: { state: true },
    announced: { state: true },
    isTagging: { state: true },
    isLoaded: { state: true },
  };

  #messages = new Messages("");
  #news = throttled(() => this.#readNews(), PAUSE);
  #announce = throttled(() => this.#tellNews(), ANNOUNCED);
  #arrived = 0;
  #removeKeys = null;
  #timer = 0;
  #sizes = new ResizeObserver(() => this.#scrolled());

  constructor() {
    super();
    this.query = "";
    this.current = "";
    this.rows = [];
    // The rows that are in the document, and where the first one is.
    this.place = { first: 0, end: 0, top: 0 };
    // The key of the row that the keyboard is at, and those of the selected messages.
    this.cursor = "";
    this.selected = new Set();
    // Messages that arrived while the list is scrolled.
    this.waiting = [];
    this.announced = "";
    this.isTagging = false;
    this.isLoaded = false;
    this.listen(feed, ["kept"], this.#news);
    this.listen(feed, ["back"], this.#news);
    this.listen(feed, ["changed"], (event) => this.#changed(event.detail.messages));
    this.listen(feed, ["removed"], (event) => this.#removed(event.detail.messages));
    this.listen(feed, ["cleared", "reset"], () => this.#reload());
    this.listen(state, ["change"], () => this.#merge());
  }

  connectedCallback() {
    super.connectedCallback();
    this.#timer = setInterval(() => this.requestUpdate(), TICK);
    this.#removeKeys = addKeys([
      { keys: "j, ArrowDown", label: "key.next", run: () => this.#move(1) },
      { keys: "k, ArrowUp", label: "key.previous", run: () => this.#move(-1) },
      { keys: "o, Enter", label: "key.open", run: () => this.#open(this.#cursorRow) },
      { keys: "x", label: "key.select", run: () => this.#toggle(this.cursor) },
      { keys: "u", label: "key.unread", run: () => this.#markUnread() },
      { keys: "#, Delete", label: "key.delete", run: () => this.#delete() },
      { keys: "t", label: "key.tag", run: () => this.#startTagging() },
      { keys: "* a", label: "key.select-all", run: () => this.#selectAll() },
      { keys: "* r", label: "key.read-all", run: () => this.#readAll() },
      { keys: "* d", label: "key.delete-all", run: () => this.#deleteAll() },
    ]);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#timer);
    this.#removeKeys();
    this.#sizes.disconnect();
  }

  firstUpdated() {
    this.#sizes.observe(this.querySelector(".rows"));
  }

  willUpdate(changed) {
    if (changed.has("query") || !this.hasUpdated) {
      this.#messages = new Messages(this.query);
      this.waiting = [];
      this.selected = new Set();
      this.#reload();
    }
    // A message that is open and not in the list leaves the cursor nowhere.
    if (changed.has("current") && this.current) {
      this.#toCurrent();
    }
  }

  updated() {
    // Inline styles are not allowed in the document, but setting them is.
    const inside = this.querySelector(".rows-inside");
    inside.style.height = `${this.#measures.height}px`;
    inside.style.paddingTop = `${this.place.top}px`;
  }

  // What is in the list

  async #reload() {
    const messages = this.#messages;
    try {
      await messages.reload();
    } catch (problem) {
      if (messages !== this.#messages) return;
      if (problem.status === 400) showSearchProblem(problem);
      return;
    }
    if (messages !== this.#messages) return;
    showSearchProblem(null);
    this.waiting = [];
    this.isLoaded = true;
    this.#merge();
  }

  #merge() {
    const sessions = this.query ? [] : state.failed;
    const { messages, isComplete } = this.#messages;
    this.rows = mergeRows(messages, sessions, isComplete);
    if (!this.cursor && this.current) {
      this.#toCurrent();
    }
    this.#scrolled();
  }

  /** Move the cursor to the row that is open; nowhere if it is not in the list. */
  #toCurrent() {
    this.cursor = this.rows.find((each) => idOf(each) === this.current)?.key ?? "";
  }

  async #readNews() {
    const messages = this.#messages;
    let found;
    try {
      found = await messages.news();
    } catch {
      return;
    }
    if (messages !== this.#messages) return;
    if (this.#isScrolled) {
      if (found === null) this.hasTooMany = true;
      const known = new Set(this.waiting.map((each) => each.number));
      const fresh = (found ?? []).filter((each) => !known.has(each.number));
      this.waiting = [...fresh, ...this.waiting];
      this.#arrived += fresh.length;
    } else if (found === null) {
      await messages.reload();
    } else {
      messages.prepend(found);
      this.#arrived += found.length;
    }
    this.#merge();
    this.#announce();
  }

  get #isScrolled() {
    return (this.querySelector(".rows")?.scrollTop ?? 0) > ROW / 2;
  }

  #tellNews() {
    if (this.#arrived) this.announced = t("list.new", { n: this.#arrived });
    this.#arrived = 0;
  }

  /** Show the messages that wait, from the first one on. */
  async #showNews() {
    if (this.hasTooMany) {
      this.hasTooMany = false;
      await attempt(() => this.#messages.reload());
    } else {
      this.#messages.prepend(this.waiting);
    }
    this.waiting = [];
    this.querySelector(".rows").scrollTop = 0;
    this.#merge();
  }

  async #changed(numbers) {
    if (await this.#messages.update(numbers).catch(() => false)) this.#merge();
  }

  #removed(numbers) {
    const gone = new Set(numbers);
    const index = this.rows.findIndex((each) => idOf(each) === this.current);
    const wasCurrent = index >= 0 && gone.has(this.rows[index].message?.number);
    this.#messages.remove(numbers);
    this.waiting = this.waiting.filter((each) => !gone.has(each.number));
    this.#merge();
    const keys = new Set(this.rows.map((each) => each.key));
    this.selected = new Set([...this.selected].filter((each) => keys.has(each)));
    // The next one takes the place of a message that was open.
    if (wasCurrent) this.#open(this.rows[Math.min(index, this.rows.length - 1)]);
  }

  // What is done with it

  get #cursorRow() {
    return this.rows.find((each) => each.key === this.cursor);
  }

  #move(step) {
    const index = this.rows.findIndex((each) => each.key === this.cursor);
    const next = index < 0 ? 0 : Math.min(Math.max(index + step, 0), this.rows.length - 1);
    this.#setCursor(next);
  }

  #setCursor(index) {
    if (!this.rows.length) return;
    this.cursor = this.rows[index].key;
    const rows = this.querySelector(".rows");
    rows.scrollTop = placeToSee(this.#measures, rows.scrollTop, index);
  }

  #open(row) {
    const { query, tab } = currentRoute();
    const search = { q: query.get("q") };
    if (!row) {
      go(["messages"], search);
    } else if (row.message) {
      this.cursor = row.key;
      go(["messages", row.message.id, tab], search);
    } else {
      this.cursor = row.key;
      go(["refused", row.session.id], search);
    }
  }

  #toggle(key) {
    if (!key.startsWith("m")) return;
    const selected = new Set(this.selected);
    if (!selected.delete(key)) selected.add(key);
    this.selected = selected;
  }

  /** Select from the cursor to a row. */
  #selectTo(index) {
    const from = Math.max(0, this.rows.findIndex((each) => each.key === this.cursor));
    const range = this.rows.slice(Math.min(from, index), Math.max(from, index) + 1);
    const keys = range.map((each) => each.key).filter((each) => each.startsWith("m"));
    this.selected = new Set([...this.selected, ...keys]);
  }

  /** The rows of the selected messages; without a selection, that of the cursor. */
  get #chosen() {
    const { selected, cursor } = this;
    return this.rows.filter(({ key, message }) =>
      message && (selected.size ? selected.has(key) : key === cursor));
  }

  get #ids() {
    return this.#chosen.map((each) => each.message.id);
  }

  async #change(changes) {
    const ids = this.#ids;
    if (ids.length) await attempt(() => changeMessages({ ids }, changes));
  }

  #markUnread() {
    const isSeen = this.#chosen.every((each) => each.message.flags.includes("seen"));
    return this.#change(isSeen ? { clear_flags: ["seen"] } : { set_flags: ["seen"] });
  }

  async #delete() {
    const ids = this.#ids;
    if (!ids.length) return;
    const done = await attempt(() => removeMessages({ ids }));
    if (done) toast(t("list.deleted", { n: done.messages }));
    this.selected = new Set();
  }

  #selectAll() {
    this.selected = new Set(this.rows.filter((each) => each.message).map((each) => each.key));
  }

  // These are about all that the search finds, those that are not loaded too.

  #readAll() {
    return attempt(() => changeMessages({ query: this.query }, { set_flags: ["seen"] }));
  }

  async #deleteAll() {
    if (!confirm(t(this.query ? "list.ask-found" : "list.ask-all"))) return;
    const done = await attempt(() => removeMessages({ query: this.query }));
    if (done) toast(t("list.deleted", { n: done.messages }));
  }

  #startTagging() {
    if (!this.#ids.length) return;
    this.isTagging = true;
    this.updateComplete.then(() => this.querySelector(".tagging input").focus());
  }

  async #tag(event) {
    event.preventDefault();
    const name = event.target.elements.tag.value.trim();
    this.isTagging = false;
    if (name) await this.#change({ add_tags: [name] });
    this.querySelector(".rows").focus();
  }

  // How it looks

  get #measures() {
    const height = this.querySelector(".rows")?.clientHeight ?? 0;
    return measure(this.rows.length, ROW, height);
  }

  #scrolled() {
    const rows = this.querySelector(".rows");
    if (!rows) return;
    this.place = rowsAt(this.#measures, rows.scrollTop, SPARE);
    const isNearEnd = this.place.end + 2 * SPARE > this.rows.length;
    if (isNearEnd && this.isLoaded && !this.#messages.isComplete) this.#loadMore();
    if (!this.#isScrolled && this.waiting.length) this.#showNews();
  }

  async #loadMore() {
    const before = this.#messages.messages.length;
    await this.#messages.more().catch(() => {});
    if (this.#messages.messages.length > before) this.#merge();
  }

  render() {
    const { first, end } = this.place;
    const shown = this.rows.slice(first, end);
    return html`<section aria-label=${t("list.label")}>
      ${this.selected.size ? this.#selectionTools() : this.#tools()}
      ${this.isTagging ? this.#tagging() : nothing}
      ${this.isLoaded && !this.rows.length ? html`<p class="empty">${this.query
        ? t("list.no-match") : t("list.empty")}</p>` : nothing}
      <div class="rows" role="listbox" tabindex="0" aria-multiselectable="true"
        aria-label=${t("list.label")} @scroll=${this.#scrolled} @keydown=${this.#key}
        aria-activedescendant=${this.#isShown(shown) ? `row-${this.cursor}` : nothing}>
        <div class="rows-inside" role="presentation">${repeat(shown, (each) => each.key,
          (row, index) => this.#row(row, first + index))}</div>
      </div>
      <div class="unseen" aria-live="polite">${this.announced}</div>
    </section>`;
  }

  #isShown(shown) {
    return shown.some((each) => each.key === this.cursor);
  }

  #tools() {
    const all = state.counts?.messages ?? 0;
    return html`<div class="tools"><span>${this.query
      ? t("list.of", { n: this.#messages.messages.length, all, more: this.#messages.isComplete ? "" : "+" })
      : t("list.all", { n: all })}</span>
      <span class="spring"></span>
      ${this.waiting.length || this.hasTooMany ? html`<button class="new" @click=${this.#showNews}
        >${t("list.new", { n: Math.max(1, this.waiting.length) })}</button>` : nothing}
      <span>${t("list.order")}</span></div>`;
  }

  #selectionTools() {
    return html`<div class="tools selection" role="toolbar" aria-label=${t("list.selection")}>
      <span>${t("list.selected", { n: this.selected.size })}</span>
      <span class="spring"></span>
      <button class="btn small" @click=${this.#selectAll}>${t("do.all")}</button>
      <button class="btn small" @click=${() => this.#change({ set_flags: ["seen"] })}>${t("do.read")}</button>
      <button class="btn small" @click=${() => this.#change({ clear_flags: ["seen"] })}>${t("do.unread")}</button>
      ${this.selected.size === 2 ? html`<a class="btn small" href=${href(["compare", ...this.#ids.reverse()])}
        >${t("do.compare")}</a>` : nothing}
      <button class="btn small" @click=${this.#startTagging}>${t("do.tag")}</button>
      <button class="btn small bad" @click=${this.#delete}>${t("do.delete")}</button>
      <button class="btn small icon" aria-label=${t("do.clear-selection")}
        @click=${() => (this.selected = new Set())}>×</button></div>`;
  }

  #tagging() {
    const [first] = this.#chosen;
    const n = this.selected.size;
    const what = n ? t("list.selected", { n }) : first?.message.subject || t("row.no-subject");
    return html`<form class="tools tagging" @submit=${this.#tag}><span class="of">${what}</span>
      <input name="tag" list="known-tags" aria-label=${t("list.tag")}
        placeholder=${t("list.tag")} autocomplete="off" @keydown=${(event) => {
          if (event.key === "Escape") this.isTagging = false;
        }}>
      <datalist id="known-tags">${Object.keys(state.tags).map((each) =>
        html`<option value=${each}></option>`)}</datalist>
      <button class="btn small primary">${t("do.tag")}</button></form>`;
  }

  #row(row, index) {
    const place = {
      index,
      size: this.#messages.isComplete ? this.rows.length : -1,
      isCurrent: idOf(row) === this.current,
      isCursor: row.key === this.cursor,
      isSelected: this.selected.has(row.key),
      isSelecting: this.selected.size > 0,
      click: (event) => this.#clicked(event, row, index),
    };
    return row.message ? messageRow(row, place) : refusedRow(row, place);
  }

  #clicked(event, row, index) {
    if (event.shiftKey) {
      this.#selectTo(index);
    } else if (event.ctrlKey || event.metaKey || event.target.closest(".check")) {
      this.cursor = row.key;
      this.#toggle(row.key);
    } else {
      this.#open(row);
    }
  }

  #key(event) {
    if (event.key === "Escape") {
      this.selected = new Set();
    } else if (event.key === "Home") {
      this.#setCursor(0);
    } else if (event.key === "End") {
      this.#setCursor(this.rows.length - 1);
    } else if (event.key === " ") {
      this.#toggle(this.cursor);
    } else {
      return;
    }
    event.preventDefault();
  }
}

function idOf(row) {
  return row.message ? row.message.id : row.session.id;
}

customElements.define("mail-list", MailList);
