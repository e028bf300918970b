// The page: the bar, where one can go, the list, and the view of what is chosen.

import { html, nothing } from "./vendor/lit.js";
import { api } from "./api.js";
import { feed } from "./feed.js";
import { loadLanguage, t } from "./lang.js";
import { Part, STATE } from "./part.js";
import { currentRoute, go, href } from "./route.js";
import { state } from "./state.js";
import "./parts/ask.js";
import "./parts/drop.js";
import { emptyView } from "./parts/empty.js";
import "./parts/search.js";
import "./parts/side.js";
import "./parts/theme.js";
import "./parts/toast.js";
import "./views/list.js";

// The views that have a list beside them; others take its place, too.
const LISTS = ["messages", "sessions"];

// Whatever a list leads to.
const loadRest = () => import("./rest.js");

// The views that are loaded when somebody goes there.
const LATER = {
  compare: () => import("./views/compare.js"),
  faults: () => import("./views/faults.js"),
  mailboxes: () => import("./views/mailboxes.js"),
  send: () => import("./views/send.js"),
  status: () => import("./views/status.js"),
};

class App extends Part {
  static properties = {
    route: STATE,
    isLive: STATE,
    needsLogin: STATE,
    isSideOpen: STATE,
  };

  constructor() {
    super();
    this.route = currentRoute();
    // null: it is not known before the first attempt to connect.
    this.isLive = null;
    this.needsLogin = false;
    this.isSideOpen = false;
    this.listen(window, ["hashchange"], () => {
      this.route = currentRoute();
      this.isSideOpen = false;
    });
    this.listen(feed, ["state"], () => (this.isLive = feed.isLive));
    this.listen(api, ["away"], () => (this.isLive = false));
    this.listen(api, ["login", "logged-in"], ({ type }) => (this.needsLogin = type === "login"));
    // It opens while a field has the focus, too.
    this.listen(window, ["keydown"], (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k") return;
      event.preventDefault();
      this.#open("command-palette");
    });
    this.listenToKeys([
      { keys: "g i", label: "key.go-messages", run: () => go(["messages"]) },
      { keys: "g s", label: "key.go-sessions", run: () => go(["sessions"]) },
      { keys: "g f", label: "key.go-faults", run: () => go(["faults"]) },
      { keys: "g b", label: "key.go-mailboxes", run: () => go(["mailboxes"]) },
      { keys: "g c", label: "key.go-connect", run: () => go(["connect"]) },
      { keys: "c", label: "key.send", run: () => go(["send"]) },
      { keys: "/", label: "key.search", run: () => this.querySelector("search-field").focusField() },
      { keys: "Ctrl+k", label: "key.palette", run: () => this.#open("command-palette") },
      { keys: "?", label: "key.help", run: () => this.#open("key-help") },
    ]);
  }

  connectedCallback() {
    // The document has a bar to be seen until the page is loaded.
    this.replaceChildren();
    super.connectedCallback();
  }

  updated(changed) {
    // A server that is away is asked again when it is back.
    if (this.isLive !== false) this.#load().catch(() => {});
    if (changed.has("route")) {
      const { view } = this.route;
      this.dataset.list = LISTS.includes(view) || this.#isRefused ? "yes" : "no";
    }
    // Narrow screens show one column: the list, or what was chosen in it.
    const { view, id } = this.route;
    const isList = LISTS.includes(view) && !id && !(view === "messages" && this.#isEmpty);
    this.dataset.column = isList ? "list" : "view";
    this.dataset.side = this.isSideOpen ? "open" : "closed";
  }

  /** Load the view of this place, and then what it leads to. */
  async #load() {
    const { view, id } = this.route;
    if (view === "messages" && !id) await firstFrame;
    await Promise.all([LATER[view]?.(), loadRest()]);
    // The others can be shown while the server is away, too.
    await Promise.all(Object.values(LATER).map((load) => load()));
  }

  /** Open a dialog, which may not be loaded yet. */
  async #open(name) {
    await loadRest();
    this.querySelector(name).open();
  }

  /** Whether nothing has arrived, and nothing was refused: then the page tells how to connect. */
  get #isEmpty() {
    return state.counts?.messages === 0 && !state.failed.length;
  }

  /** Whether a refused session was chosen among the messages. */
  get #isRefused() {
    return this.route.view === "refused";
  }

  render() {
    const { view, id, tab, query } = this.route;
    const q = query.get("q") ?? "";
    return html`
      <a class="skip" href="#main" @click=${this.#skip}>${t("skip")}</a>
      <header class="bar">
        <button class="btn icon menu" aria-expanded=${this.isSideOpen} aria-label=${t("menu")}
          @click=${() => (this.isSideOpen = !this.isSideOpen)}>☰</button>
        <a class="name" href=${href(["messages"])}><i aria-hidden="true">S</i>smtptest</a>
        <search-field .value=${q} .view=${view}></search-field>
        <span class="spring"></span>
        <span class="status"><span class="dot" data-live=${this.isLive}></span>
          ${t({ true: "live", false: "away.short" }[this.isLive] ?? "connecting")}</span>
        <theme-choice></theme-choice>
        <a class="btn connect" href=${href(["connect"])}>${t("connect.title")}</a>
        <button class="btn icon" aria-label=${t("key.help")} @click=${() =>
          this.#open("key-help")}><kbd>?</kbd></button>
      </header>
      <side-bar .route=${this.route}></side-bar>
      ${this.isLive !== false ? nothing : html`<div class="away" role="alert">${t("away.bar")}</div>`}
      ${this.#list(view, id, query)}
      <main class="view" id="main" tabindex="-1">${this.#view(view, id, tab)}</main>
      <key-help></key-help>
      <command-palette></command-palette>
      <ask-dialog></ask-dialog>
      <toast-line></toast-line>
      ${this.needsLogin ? html`<login-form></login-form>` : nothing}
    `;
  }

  #skip(event) {
    event.preventDefault();
    this.querySelector("main").focus();
  }

  #list(view, id, query) {
    if (view === "messages" || view === "refused") {
      return html`<mail-list class="list" .query=${query.get("q") ?? ""}
        .current=${id}></mail-list>`;
    }
    if (view === "sessions") {
      return html`<session-list class="list" .filter=${query.get("show") ?? "failed"}
        .current=${id}></session-list>`;
    }
    return nothing;
  }

  #view(view, id, tab) {
    if (view === "messages" && id) {
      return html`<mail-view .messageId=${id} .tab=${tab}></mail-view>`;
    }
    if ((view === "sessions" || view === "refused") && id) {
      return html`<session-view .sessionId=${id} .tab=${tab}></session-view>`;
    }
    switch (view) {
      case "messages":
        return state.counts?.messages === 0
          ? html`<connect-view></connect-view>`
          : emptyView(t("list.label"), t("message.none"));
      case "sessions":
        return emptyView(t("side.sessions"), t("session.none"));
      case "compare":
        return html`<compare-view .left=${id} .right=${tab}></compare-view>`;
      case "faults":
        return html`<faults-view></faults-view>`;
      case "mailboxes":
        return html`<mailboxes-view></mailboxes-view>`;
      case "send":
        return html`<send-view></send-view>`;
      case "status":
        return html`<status-view></status-view>`;
      case "connect":
        return html`<connect-view></connect-view>`;
      default:
        return emptyView("smtptest", t("nowhere", { place: location.hash }));
    }
  }
}

await loadLanguage();
const firstFrame = new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
customElements.define("smtptest-app", App);
state.addEventListener("change", () => document.querySelector("smtptest-app").requestUpdate());
state.start();
feed.start();
