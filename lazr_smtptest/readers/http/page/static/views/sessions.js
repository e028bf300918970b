// The list of sessions: those in which something went wrong first, those of one kind of
// them, those that are open, or all.

import { html, nothing } from "../vendor/lit.js";
import { get } from "../api.js";
import { feed } from "../feed.js";
import { addKeys } from "../keys.js";
import { t } from "../lang.js";
import { outcomeOf } from "../outcome.js";
import { Part } from "../part.js";
import { when } from "../parts/when.js";
import { go, href } from "../route.js";
import { throttled } from "../throttle.js";
import { inTurn } from "../turns.js";

const PAUSE = 400;
const PAGE = 100;
// Rows in the document: if more are asked for, the newest ones make room.
const MOST = 300;

class SessionList extends Part {
  static properties = {
    filter: {},
    current: {},
    sessions: { state: true },
    next: { state: true },
    isNewest: { state: true },
    problem: { state: true },
  };

  #refresh = throttled(() => this.#reload(), PAUSE);
  #inTurn = inTurn();
  #removeKeys = null;

  constructor() {
    super();
    this.sessions = [];
    this.next = null;
    this.isNewest = true;
    this.problem = null;
    this.listen(feed, ["session-began", "session-ended", "back", "reset"], this.#refresh);
  }

  connectedCallback() {
    super.connectedCallback();
    this.#removeKeys = addKeys([
      { keys: "j, ArrowDown", label: "key.next", run: () => this.#move(1) },
      { keys: "k, ArrowUp", label: "key.previous", run: () => this.#move(-1) },
    ]);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#removeKeys();
  }

  willUpdate(changed) {
    if (changed.has("filter")) {
      this.sessions = [];
      this.next = null;
      this.isNewest = true;
      this.#load();
    }
  }

  #load(after = null) {
    return this.#inTurn(() => this.#read(after));
  }

  async #read(after) {
    const { filter } = this;
    try {
      const found = await read(filter, after);
      if (filter !== this.filter) return;
      const all = after ? [...this.sessions, ...found.sessions] : found.sessions;
      this.sessions = all.slice(-MOST);
      this.isNewest = after ? this.isNewest && all.length <= MOST : true;
      this.next = found.next;
      this.problem = null;
    } catch (problem) {
      if (filter === this.filter) this.problem = problem;
    }
  }

  /** Load the newest ones again; who reads older ones is left alone. */
  #reload() {
    return this.sessions.length > PAGE || !this.isNewest ? undefined : this.#load();
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
      dropped: t("sessions.dropped"), open: t("sessions.open"), all: t("sessions.all"),
    };
    return html`<section aria-label=${t("side.sessions")}>
      <div class="tools"><span class="seg wrap" role="group" aria-label=${t("sessions.filter")}>
        ${Object.entries(filters).map(([name, label]) => html`<a href=${href(["sessions"], { show: name })}
          aria-current=${name === this.filter ? "true" : nothing}>${label}</a>`)}</span></div>
      ${this.sessions.length ? nothing : html`<p class="empty">${this.problem?.message ?? this.#none}</p>`}
      <ul class="rows plain">${this.isNewest ? nothing : html`<li class="more"><button class="btn"
          @click=${() => this.#load()}>${t("sessions.newest")}</button></li>`}
        ${this.sessions.map((each) => this.#row(each))}
        ${this.next ? html`<li class="more"><button class="btn" @click=${() => this.#load(this.next)}
          >${t("sessions.more")}</button></li>` : nothing}</ul>
    </section>`;
  }

  get #none() {
    return this.filter === "failed" ? t("sessions.none-failed") : t("sessions.none");
  }

  #row(session) {
    const outcome = outcomeOf(session);
    const isOpen = session.seconds === null;
    const kind = outcome.kind !== "bad" || isOpen ? "read" : "refused";
    return html`<li class="row ${kind}" aria-current=${session.id === this.current ? "true" : nothing}>
      <a class="cover" href=${href(["sessions", session.id], { show: this.filter })}>
      <div class="l"><span class="to">${session.number || ""} · ${session.peer[0]}${session.helo
        ? ` · ${session.helo}` : ""}</span>${when(session.started_at)}</div>
      <div class="l"><span class="sub">${isOpen ? t("sessions.is-open") : outcome.title}</span>
        <span class="snip">${outcome.reply}</span>
        ${isOpen ? nothing : html`<span class="chip ${outcome.kind}">${outcome.chip}</span>`}</div></a></li>`;
  }
}

async function read(filter, after) {
  if (filter === "open") {
    const found = await get("sessions/open");
    return { sessions: found.map((each) => each.session), next: null };
  }
  const which = { all: {}, failed: { failed: "true" } }[filter] ?? { kind: filter };
  return get("sessions", { limit: PAGE, after, ...which });
}

customElements.define("session-list", SessionList);
