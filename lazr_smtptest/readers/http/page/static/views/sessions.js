// The list of sessions: those in which something went wrong first, those of one kind of
// them, those that are open, or all.

import { html, nothing } from "../vendor/lit.js";
import { get } from "../api.js";
import { feed } from "../feed.js";
import { t } from "../lang.js";
import { outcomeOf } from "../outcome.js";
import { Part, STATE } from "../part.js";
import { marked } from "../parts/marked.js";
import { when } from "../parts/when.js";
import { go, href } from "../route.js";
import { throttled } from "../throttle.js";
import { inTurn } from "../turns.js";

const PAUSE = 400;
// Milliseconds between two looks at open sessions: no event tells what is said in them.
const OPEN_PAUSE = 1000;
const PAGE = 100;
// The most that are in the document.
const MOST = 300;
const READERS = ["imap", "pop3"];

class SessionList extends Part {
  static properties = {
    filter: {},
    current: {},
    sessions: STATE,
    next: STATE,
    isNewest: STATE,
    problem: STATE,
    readers: STATE,
  };

  #refresh = throttled(() => this.#load(), PAUSE);
  #inTurn = inTurn();
  #timer = 0;

  constructor() {
    super();
    this.sessions = [];
    this.next = null;
    // Whether the first of them are in the document.
    this.isNewest = true;
    this.problem = null;
    // The protocols by which mail is read here.
    this.readers = [];
    this.listen(feed, ["session-began", "session-ended", "back", "reset"], this.#refresh);
    this.listenToKeys([
      { keys: "j, ArrowDown", label: "key.next", run: () => this.#move(1) },
      { keys: "k, ArrowUp", label: "key.previous", run: () => this.#move(-1) },
    ]);
  }

  async firstUpdated() {
    const { listeners } = await get("status").catch(() => ({ listeners: [] }));
    this.readers = READERS.filter((name) => listeners.some(({ protocol }) => protocol.startsWith(name)));
  }

  willUpdate(changed) {
    if (changed.has("filter")) {
      this.sessions = [];
      // What was asked for another filter is waited for no more.
      this.#inTurn = inTurn();
      this.#loadNewest();
    }
  }

  #loadNewest() {
    this.next = null;
    this.isNewest = true;
    return this.#load(false, PAGE);
  }

  /** Read anew what is shown; with `isMore`, read what follows it. */
  #load(isMore = false, limit = null) {
    return this.#inTurn(() => this.#read(isMore, limit));
  }

  async #read(isMore, limit) {
    const { filter } = this;
    // Those that are far from the first ones stay as they are.
    if (isMore ? !this.next : !this.isNewest) return;
    const n = limit ?? (isMore ? PAGE : Math.max(PAGE, this.sessions.length));
    try {
      const found = await read(filter, isMore ? this.next : null, n);
      if (filter !== this.filter) return;
      const all = isMore ? [...this.sessions, ...found.sessions] : found.sessions;
      if (isMore && all.length > MOST) this.isNewest = false;
      this.sessions = isMore ? all.slice(-MOST) : all.slice(0, MOST);
      this.next = found.next;
      this.problem = null;
      clearTimeout(this.#timer);
      if (filter === "open" && this.isConnected && found.sessions.length) {
        this.#timer = setTimeout(this.#refresh, OPEN_PAUSE);
      }
    } catch (problem) {
      if (filter === this.filter) this.problem = problem;
    }
  }

  #move(step) {
    const index = this.sessions.findIndex((each) => each.id === this.current);
    const next = this.sessions[Math.max(0, index + step)];
    if (next) this.#open(next);
  }

  #open(session) {
    go(["sessions", session.id], { show: this.filter });
  }

  render() {
    const filters = {
      failed: t("sessions.failed"), refused: t("sessions.refused"), tls: t("sessions.tls"), auth: t("sessions.auth"),
      dropped: t("sessions.dropped"), open: t("sessions.open"), all: t("do.all"),
      ...Object.fromEntries(this.readers.map((name) => [name, name.toUpperCase()])),
    };
    return html`<section aria-label=${t("side.sessions")}>
      <div class="tools"><span class="seg" role="group" aria-label=${t("sessions.filter")}>
        ${Object.entries(filters).map(([name, label]) => html`<a href=${href(["sessions"], { show: name })}
          aria-current=${name === this.filter ? "true" : nothing}>${label}</a>`)}</span></div>
      ${this.sessions.length ? nothing : html`<p class="empty">${this.problem?.message ?? this.#none}</p>`}
      <ul class="rows plain">${this.isNewest ? nothing : html`<li class="more"><button class="btn"
          @click=${this.#loadNewest}>${t("sessions.newest")}</button></li>`}
        ${this.sessions.map((each) => this.#row(each))}
        ${this.next ? html`<li class="more"><button class="btn" @click=${() => this.#load(true)}
          >${t("sessions.more")}</button></li>` : nothing}</ul>
    </section>`;
  }

  get #none() {
    return this.filter === "failed" ? t("sessions.none-failed") : t("sessions.none");
  }

  #row(session) {
    const outcome = outcomeOf(session);
    const isOpen = session.seconds === null;
    const who = [session.peer[0], session.helo].filter(Boolean).join(" · ");
    const kind = outcome.kind !== "bad" || isOpen ? "read" : "refused";
    return html`<li class="row ${kind}" aria-current=${session.id === this.current ? "true" : nothing}>
      <a class="cover" href=${href(["sessions", session.id], { show: this.filter })}>
      <div class="l"><span class="to">${session.number || ""} · ${marked(who)}</span>${when(session.started_at)}</div>
      <div class="l"><span class="sub">${isOpen ? t("sessions.is-open") : marked(outcome.title)}</span>
        <span class="snip">${marked(outcome.reply)}</span>
        ${isOpen ? nothing : html`<span class="chip ${outcome.kind}">${outcome.chip}</span>`}</div></a></li>`;
  }
}

async function read(filter, after, limit) {
  if (filter === "open") {
    const found = await get("sessions/open");
    return { sessions: found.map((each) => each.session), next: null };
  }
  const which = { all: {}, failed: { failed: "true" } }[filter]
    ?? (READERS.includes(filter) ? { protocol: filter } : { kind: filter });
  return get("sessions", { limit, after, ...which });
}

customElements.define("session-list", SessionList);
