// The server: its addresses, its store, its versions, its settings.

import { html } from "../vendor/lit.js";
import { get } from "../api.js";
import { feed } from "../feed.js";
import { formatNumber, formatTime, t } from "../lang.js";
import { Part, STATE } from "../part.js";
import "../parts/adjust.js";
import { table } from "../parts/table.js";
import { throttled } from "../throttle.js";

const PAUSE = 1000;

class StatusView extends Part {
  static properties = {
    status: STATE,
    problem: STATE,
  };

  #refresh = throttled(() => this.#read(), PAUSE);

  constructor() {
    super();
    this.status = null;
    this.problem = "";
    this.listen(feed, ["kept", "removed", "cleared", "changed", "state", "back", "reset"], this.#refresh);
  }

  connectedCallback() {
    super.connectedCallback();
    this.#refresh();
  }

  async #read() {
    try {
      this.status = await get("status");
      this.problem = "";
    } catch (problem) {
      this.problem = problem.message;
    }
  }

  render() {
    return html`<div class="head"><h1>${t("side.status")}</h1></div>${this.status ? this.#pane()
      : html`<p class="empty">${this.problem}</p>`}`;
  }

  #pane() {
    const { status } = this;
    return html`<div class="pane" tabindex="0">
      <section class="card"><h2>${t("status.listeners")}</h2>${table(
        status.listeners.map((each) => [each.protocol, html`<code>${each.address}</code>`]),
        t("status.listeners"))}</section>
      <section class="card"><h2>${t("status.store")}</h2>${table([
        [t("status.kind"), status.store],
        [t("list.label"), formatNumber(status.messages)],
        [t("do.unread"), formatNumber(status.unread)],
        [t("status.missing"), formatNumber(status.missing)],
        [t("status.oldest"), status.oldest ? formatTime(status.oldest) : "–"],
      ], t("status.store"))}</section>
      <section class="card"><h2>${t("status.versions")}</h2>${table([
        ["lazr.smtptest", status.version], ["Python", status.python], ["Twisted", status.twisted],
        [t("status.events"), t(feed.way === "sse" ? "status.sse" : "status.websocket")],
      ], t("status.versions"))}</section>
      <live-settings></live-settings></div>`;
  }
}

customElements.define("status-view", StatusView);
