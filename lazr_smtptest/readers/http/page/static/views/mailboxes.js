// Disposable mailboxes: make one, copy its address, see its mail, delete it.

import { html, nothing } from "../vendor/lit.js";
import { get, request } from "../api.js";
import { feed } from "../feed.js";
import { currentLocale, formatTime, t } from "../lang.js";
import { quoted } from "../logic/query.js";
import { Part, STATE } from "../part.js";
import { ask } from "../parts/ask.js";
import "../parts/copy.js";
import { problemLine } from "../parts/empty.js";
import { readServer } from "../parts/settings.js";
import { attempt } from "../parts/toast.js";
import { href } from "../route.js";
import { state } from "../state.js";
import { throttled } from "../throttle.js";

const PAUSE = 500;
// Seconds; the choices of the form.
const LIFETIMES = [600, 3600, 86_400, 604_800];

class MailboxesView extends Part {
  static properties = { counts: STATE, problem: STATE, server: STATE };

  #count = throttled(() => this.#readCounts(), PAUSE);

  constructor() {
    super();
    // The numbers of messages, by the names of the mailboxes.
    this.counts = {};
    this.problem = "";
    this.server = null;
    this.listen(state, ["change"], () => {
      this.#count();
      this.requestUpdate();
    });
    this.listen(feed, ["kept", "removed", "cleared", "back", "reset"], this.#count);
  }

  connectedCallback() {
    super.connectedCallback();
    state.refreshMailboxes();
    readServer().then((server) => (this.server = server)).catch(() => {});
  }

  async #readCounts() {
    const found = await Promise.allSettled(state.mailboxes.map(async ({ name }) =>
      [name, (await countsOf(name)).messages]));
    this.counts = Object.fromEntries(
      found.filter((each) => each.status === "fulfilled").map((each) => each.value));
  }

  render() {
    return html`<div class="head"><h1>${t("side.mailboxes")}</h1><p>${t("mailboxes.what")}</p></div>
      <div class="pane" tabindex="0">
        <form class="card" @submit=${this.#make}><h2>${t("mailboxes.new")}</h2>
          <div class="strip fields"><label>${t("mailboxes.address")}<input name="address"
              placeholder=${t("mailboxes.any")} autocomplete="off"></label>
            <label>${t("mailboxes.lifetime")}<select name="lifetime">${LIFETIMES.map((each) => html`<option
              value=${each} ?selected=${each === 3600}>${lasting(each)}</option>`)}</select></label>
            <button class="btn primary">${t("mailboxes.make")}</button></div>
          ${problemLine(this.problem)}
        </form>
        ${state.mailboxes.length ? [...state.mailboxes].reverse().map((each) => this.#mailbox(each))
          : html`<p class="empty">${t("mailboxes.none")}</p>`}
      </div>`;
  }

  #mailbox(box) {
    const address = box.address ?? box.user ?? box.query;
    const count = this.counts[box.name] ?? 0;
    return html`<section class="card"><h2><bdi>${address}</bdi>
        <span class="chip ${count ? "info" : ""}">${t("list.all", { n: count })}</span><span class="spring"></span>
        ${box.address ? html`<copy-button .text=${box.address}></copy-button>` : nothing}
        ${queryOf(box) ? html`<a class="btn small" href=${href(["messages"], { q: queryOf(box) })}>${t("mailboxes.show")}</a>` : nothing}
        <button class="btn small bad" aria-label=${t("mailboxes.delete", { address })}
          @click=${() => this.#delete(box, address)}>${t("do.delete")}</button></h2>
      <dl class="who"><dt>${t("mailboxes.name")}</dt><dd><code>${box.name}</code>
          <copy-button .text=${box.name}></copy-button></dd>
        <dt>${t("mailboxes.until")}</dt><dd>${formatTime(box.expires_at)}</dd></dl>
      ${this.server ? html`<details><summary>${t("connect.settings")}</summary>
        <server-settings .server=${{ ...this.server, user: box.user ?? "", password: "", account: box.address ?? undefined }}></server-settings></details>` : nothing}</section>`;
  }

  async #make(event) {
    event.preventDefault();
    const fields = new FormData(event.target);
    const body = { lifetime: Number(fields.get("lifetime")) };
    if (fields.get("address").trim()) body.address = fields.get("address").trim();
    await this.submit(async () => {
      await request("POST", "mailboxes", { body });
      event.target.reset();
    });
    state.refreshMailboxes();
  }

  #delete(box, address) {
    return attempt(async () => {
      // What the page shows may be older, or not known yet.
      const n = (await countsOf(box.name)).messages;
      if (n && !await ask(t("mailboxes.ask", { address, n }), t("do.delete"))) return;
      await request("DELETE", `mailboxes/${box.name}`);
      state.refreshMailboxes();
    });
  }
}

/** Return the query that finds what a mailbox has; empty: none does. */
function queryOf({ address, user, header, query, created_at }) {
  // A query has no wildcards of addresses; what came before the mailbox is not in it.
  if (!address || user || header || /[*?]/.test(address)) return "";
  return `rcpt:${quoted(address)} ${query && `(${query}) `}after:"${created_at}"`;
}

function countsOf(name) {
  return get(`mailboxes/${name}/counts`);
}

function lasting(seconds) {
  const [n, unit] = seconds < 3600 ? [seconds / 60, "minute"]
    : seconds < 86_400 ? [seconds / 3600, "hour"] : [seconds / 86_400, "day"];
  return new Intl.NumberFormat(currentLocale(), { style: "unit", unit, unitDisplay: "long" }).format(n);
}

customElements.define("mailboxes-view", MailboxesView);
