// The list of mail: live, with the refused sessions among the messages.

import { html, nothing, repeat } from "../vendor/lit.js";
import * as commands from "../commands.js";
import { feed } from "../feed.js";
import { t } from "../lang.js";
import { untilChange } from "../logic/time.js";
import { Part, STATE } from "../part.js";
import { attempt, toast } from "../parts/toast.js";
import { showSearchProblem } from "../parts/search.js";
import { currentRoute, go } from "../route.js";
import { Rows } from "../rows.js";
import { Selection } from "../selection.js";
import { state } from "../state.js";
import { throttled } from "../throttle.js";
import { selectionTools, tagging, tools } from "./list-tools.js";
import { messageRow, missingRow, refusedRow } from "./row.js";

// As --row in tokens.css, in sizes of the text.
const ROW = 3.5;
// Milliseconds between two looks for news while messages arrive.
const PAUSE = 250;
const ANNOUNCED = 1000;
const LONGEST_TICK = 60_000;

class MailList extends Part {
  static properties = {
    query: {},
    current: {},
    cursor: STATE,
    selected: STATE,
    announced: STATE,
    isTagging: STATE,
  };

  #list = null;
  // The rows of the query, which may not be loaded yet: then others are still shown.
  #wanted = null;
  #loading = Promise.resolve();
  #news = throttled(() => this.#readNews(), PAUSE);
  #announce = throttled(() => this.#tellNews(), ANNOUNCED);
  #arrived = 0;
  // Where the scrollbar stood when it was set or followed.
  #place = 0;
  #timer = 0;
  #sizes = new ResizeObserver(() => this.#resized());
  #rowHeight = ROW * parseFloat(getComputedStyle(document.documentElement).fontSize);
  #act = {
    showNews: () => attempt(() => this.#list.showNews()),
    readAll: () => commands.readAll(this.query),
    removeAll: () => commands.removeAll(this.query),
    selectAll: () => this.#selectAll(),
    toggleSeen: () => this.#toggleSeen(),
    startTagging: () => this.#startTagging(),
    tag: (name) => this.#tag(name),
    remove: () => this.#delete(),
    clear: () => (this.selected = new Selection()),
  };

  constructor() {
    super();
    this.query = "";
    this.current = "";
    // The key of the row that the keyboard is at.
    this.cursor = "";
    this.selected = new Selection();
    this.announced = "";
    this.isTagging = false;
    this.#list = this.#wanted = this.#rowsOf("");
    this.listen(feed, ["kept", "back"], this.#news);
    this.listen(feed, ["changed"], (event) => this.#lists.forEach((each) =>
      each.update(event.detail.messages).catch(() => {})));
    this.listen(feed, ["removed"], (event) => this.#removed(event.detail.messages));
    this.listen(feed, ["cleared"], () => this.#search());
    this.listen(feed, ["reset"], () => this.#readAgain());
    this.listen(state, ["change"], () => this.#list.merge());
    this.listenToKeys([
      { keys: "j, ArrowDown", label: "key.next", run: () => this.#move(1) },
      { keys: "k, ArrowUp", label: "key.previous", run: () => this.#move(-1) },
      { keys: "o, Enter", label: "key.open", run: () => this.#open(this.#cursorRow) },
      { keys: "x", label: "key.select", run: () => this.#toggle(this.#cursorRow) },
      { keys: "u", label: "key.unread", run: this.#act.toggleSeen },
      { keys: "#, Delete", label: "do.delete", run: () => this.#delete() },
      { keys: "t", label: "key.tag", run: () => this.#startTagging() },
      { keys: "g g", label: "key.first", run: () => this.#setCursor(0) },
      { keys: "G", label: "key.last", run: () => this.#setCursor(Infinity) },
      { keys: "* a", label: "key.select-all", run: this.#act.selectAll },
      { keys: "* r", label: "key.read-all", run: this.#act.readAll },
      { keys: "* d", label: "key.delete-all", run: this.#act.removeAll },
    ]);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
    this.#sizes.disconnect();
  }

  firstUpdated() {
    this.#sizes.observe(this.#box);
  }

  willUpdate(changed) {
    if (changed.has("query") || !this.hasUpdated) {
      this.selected = new Selection();
      this.#search();
    }
    // A message that is open and not in the list leaves the cursor nowhere.
    if (changed.has("current") && this.current) {
      this.#toCurrent();
    }
  }

  updated() {
    // Inline styles are not allowed in the document, but setting them is.
    const { height, top, place } = this.#list.pixels;
    const inside = this.querySelector(".rows-inside");
    // Somebody has scrolled, and the event that tells of it comes at the next frame.
    const isScrolling = Math.abs(this.#box.scrollTop - this.#place) >= 1;
    inside.style.height = `${height}px`;
    inside.style.paddingTop = `${top}px`;
    // A browser may round it.
    if (!isScrolling && Math.abs(this.#box.scrollTop - place) >= 1) this.#box.scrollTop = place;
    if (!isScrolling) this.#place = this.#box.scrollTop;
    this.#startTimer();
  }

  /** Draw again when the first of the times that are seen changes. */
  #startTimer() {
    const now = Date.now();
    const changes = this.#list.shown.map(({ row }) => (row ? untilChange(timeOf(row), now) : Infinity));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.requestUpdate(), Math.min(LONGEST_TICK, ...changes));
  }

  // What is in the list

  #rowsOf(query) {
    return new Rows(query, this.#rowHeight, () => this.#changed());
  }

  /** The rows that are shown, and those that will be. */
  get #lists() {
    return new Set([this.#list, this.#wanted]);
  }

  /** Show what the query finds; what was found before stays until it is loaded. */
  async #search() {
    const { query } = this;
    const list = [...this.#lists].find((each) => each.query === query) ?? this.#rowsOf(query);
    this.#wanted = list;
    const loading = list.reload();
    this.#loading = loading.catch(() => {});
    try {
      await loading;
      if (query !== this.query) return;
      showSearchProblem(null);
      this.#list = list;
      this.#resized();
    } catch (problem) {
      if (query === this.query && problem.status === 400) showSearchProblem(problem);
    }
  }

  #changed() {
    if (!this.cursor && this.current) this.#toCurrent();
    this.requestUpdate();
  }

  /** Move the cursor to the row that is open; nowhere if it is not in the list. */
  #toCurrent() {
    this.cursor = this.#list.rows.find((each) => idOf(each) === this.current)?.key ?? "";
  }

  /** Read all anew; who listens is told of what has come since the list was read. */
  async #readAgain() {
    await this.#loading;
    if (this.#wanted.isLoaded) await this.#readNews();
    return this.#search();
  }

  async #readNews() {
    await this.#loading;
    // The server may have been away when it was asked for.
    if (!this.#wanted.isLoaded) return this.#search();
    this.#arrived += await this.#wanted.readNews().catch(() => 0);
    return this.#announce();
  }

  #tellNews() {
    if (this.#arrived) this.announced = t("list.new", { n: this.#arrived });
    this.#arrived = 0;
  }

  async #removed(numbers) {
    const { current } = this;
    const { rows } = this.#list;
    const gone = new Set(numbers);
    const index = rows.findIndex((each) => idOf(each) === current);
    const wasCurrent = index >= 0 && gone.has(rows[index].message?.number);
    this.selected = this.selected.without(gone);
    await Promise.all([...this.#lists].map((each) => each.remove(numbers)));
    // The next one takes the place of a message that was open, and still is.
    const left = this.#list.rows;
    if (wasCurrent && current === this.current) this.#open(left[Math.min(index, left.length - 1)]);
  }

  // Where it stands

  get #box() {
    return this.querySelector(".rows");
  }

  #scrolled() {
    this.#place = this.#box.scrollTop;
    this.#list.follow(this.#place);
  }

  #resized() {
    this.#list.viewHeight = this.#box?.clientHeight ?? 0;
    this.#list.draw();
  }

  get #cursorRow() {
    return this.#list.rows.find((each) => each.key === this.cursor);
  }

  #move(step) {
    const index = this.#list.indexOf(this.cursor);
    return this.#setCursor(index < 0 ? this.#list.firstSeen : Math.max(0, index + step));
  }

  async #setCursor(index) {
    this.cursor = (await this.#list.goTo(index))?.key ?? this.cursor;
  }

  // What is done with it

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

  #toggle(row) {
    this.selected = this.selected.toggle(row);
  }

  /** Select those that are loaded, and tell if that are not all. */
  #selectAll() {
    const { rows, matching: all } = this.#list;
    this.selected = this.selected.with(rows);
    const n = this.selected.size;
    if (n < all) toast(t("list.loaded", { n, all }));
  }

  /** Select from the cursor to a row. */
  #selectTo(row) {
    const { rows } = this.#list;
    const to = rows.indexOf(row);
    const from = Math.max(0, rows.indexOf(this.#cursorRow));
    this.selected = this.selected.with(rows.slice(Math.min(from, to), Math.max(from, to) + 1));
  }

  /** The selected messages; without a selection, that of the cursor. */
  get #chosen() {
    const { message } = this.#cursorRow ?? {};
    return this.selected.size ? this.selected.messages : message ? [message] : [];
  }

  get #ids() {
    return this.#chosen.map((each) => each.id);
  }

  async #change(changes) {
    const ids = this.#ids;
    if (ids.length) await commands.change(ids, changes);
  }

  /** Whether all chosen messages are read. */
  get #areSeen() {
    const ids = new Set(this.#ids);
    // As they are now: a selection has them as they were.
    const messages = this.#list.rows.map((each) => each.message).filter((each) => ids.has(each?.id));
    return messages.every((each) => each.flags.includes("seen"));
  }

  #toggleSeen() {
    return this.#change(this.#areSeen ? { clear_flags: ["seen"] } : { set_flags: ["seen"] });
  }

  async #delete() {
    const ids = this.#ids;
    if (!ids.length) return;
    await commands.remove({ ids });
    this.selected = new Selection();
  }

  #startTagging() {
    if (!this.#ids.length) return;
    this.isTagging = true;
    this.updateComplete.then(() => this.querySelector(".tagging input").focus());
  }

  async #tag(name) {
    this.isTagging = false;
    if (name) await this.#change({ add_tags: [name] });
    this.#box.focus();
  }

  /** Return a message of the rows that are loaded; undefined: it is none of them. */
  messageOf(id) {
    return this.#list.rows.find((each) => each.message?.id === id)?.message;
  }

  // How it looks

  render() {
    const { shown, rows, isLoaded } = this.#list;
    const isShown = shown.some((each) => each.row?.key === this.cursor);
    return html`<section aria-label=${t("list.label")}>
      ${this.selected.size ? selectionTools(this.#ids, this.#areSeen, this.#act) : tools(this.#counted, this.#act)}
      ${this.isTagging ? tagging(this.#tagged, this.#act) : nothing}
      ${isLoaded && !rows.length ? html`<p class="empty">${this.query
        ? t("list.no-match") : t("list.empty")}</p>` : nothing}
      <div class="rows" role="listbox" tabindex="0" aria-multiselectable="true"
        aria-label=${t("list.label")} @scroll=${this.#scrolled}
        @scrollend=${() => this.#list.settle()} @keydown=${this.#key}
        aria-activedescendant=${isShown ? `row-${this.cursor}` : nothing}>
        <div class="rows-inside" role="presentation">${repeat(shown, (each) => each.row?.key ?? each.index,
          ({ row, index }) => (row ? this.#row(row, index) : missingRow()))}</div>
      </div>
      <div class="unseen" aria-live="polite">${this.announced}</div>
    </section>`;
  }

  /** What the line above the rows tells. */
  get #counted() {
    const { matching: n, waiting } = this.#list;
    const all = state.counts?.messages ?? 0;
    const text = this.query ? t("list.of", { n, all }) : t("list.all", { n: all });
    return { text, waiting, isEmpty: !n };
  }

  get #tagged() {
    const n = this.selected.size;
    return n ? t("list.selected", { n }) : this.#chosen[0]?.subject || t("row.no-subject");
  }

  #row(row, index) {
    const place = {
      index,
      size: this.#list.count,
      isCurrent: idOf(row) === this.current,
      isCursor: row.key === this.cursor,
      isSelected: this.selected.has(row),
      isSelecting: this.selected.size > 0,
      click: (event) => this.#clicked(event, row),
    };
    return row.message ? messageRow(row, place) : refusedRow(row, place);
  }

  #clicked(event, row) {
    if (event.shiftKey) {
      this.#selectTo(row);
    } else if (event.ctrlKey || event.metaKey || event.target.closest(".check")) {
      this.cursor = row.key;
      this.#toggle(row);
    } else {
      this.#open(row);
    }
  }

  #key(event) {
    const page = Math.max(1, Math.floor(this.#box.clientHeight / this.#rowHeight) - 1);
    const steps = { PageDown: page, PageUp: -page };
    const ends = { Home: 0, End: Infinity };
    if (event.key === "Escape") {
      this.#act.clear();
    } else if (event.key in ends) {
      this.#setCursor(ends[event.key]);
    } else if (event.key in steps) {
      this.#move(steps[event.key]);
    } else if (event.key === " ") {
      this.#toggle(this.#cursorRow);
    } else {
      return;
    }
    event.preventDefault();
  }
}

function idOf(row) {
  return row.message ? row.message.id : row.session.id;
}

function timeOf(row) {
  return Date.parse(row.message ? row.message.received_at : row.session.started_at);
}

customElements.define("mail-list", MailList);
