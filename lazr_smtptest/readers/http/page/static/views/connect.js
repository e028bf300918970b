// How to connect: the host and port, and the settings of frameworks.

import { html, nothing } from "../vendor/lit.js";
import { get } from "../api.js";
import { t } from "../lang.js";
import { FRAMEWORKS, settingsOf, smtpURL } from "../logic/connect.js";
import { Part } from "../part.js";
import { remember, remembered } from "../storage.js";
import { state } from "../state.js";
import "../parts/copy.js";

const CHOICE = "framework";

class ConnectView extends Part {
  static properties = { chosen: { state: true }, listeners: { state: true } };

  constructor() {
    super();
    const before = remembered(CHOICE);
    this.chosen = FRAMEWORKS.includes(before) ? before : FRAMEWORKS[0];
    this.listeners = null;
  }

  connectedCallback() {
    super.connectedCallback();
    this.#read();
  }

  async #read() {
    try {
      this.listeners = (await get("status")).listeners;
    } catch {
      // The bar tells that the server is away.
    }
  }

  render() {
    const smtp = this.listeners?.find((each) => each.protocol === "smtp" && each.port);
    // The browser has reached this name; that of the listener may be any address.
    const host = location.hostname.replace(/^\[|\]$/g, "");
    const isEmpty = state.counts?.messages === 0;
    return html`<div class="head"><h1>${isEmpty ? t("connect.empty") : t("connect.title")}</h1>
        <p>${t("connect.how")}</p></div>
      <div class="pane" tabindex="0">${smtp ? this.#shown({ host, port: smtp.port }) : nothing}
        ${this.listeners && !smtp ? html`<p class="empty">${t("connect.unknown")}</p>` : nothing}</div>`;
  }

  #shown(server) {
    const { title, file, text } = settingsOf(this.chosen, server);
    const url = smtpURL(server);
    return html`
      <section class="card"><dl class="who">
        <dt>${t("connect.host")}</dt><dd><code>${server.host}</code></dd>
        <dt>${t("connect.port")}</dt><dd><code>${server.port}</code></dd>
        <dt>URL</dt><dd><code>${url}</code> <copy-button .text=${url}></copy-button></dd>
      </dl></section>
      <section class="card"><h2>${t("connect.settings")}</h2>
        <div class="seg wrap" role="group" aria-label=${t("connect.settings")}>
          ${FRAMEWORKS.map((name) => html`<button aria-pressed=${name === this.chosen}
            @click=${() => this.#choose(name)}>${settingsOf(name, server).title}</button>`)}
        </div>
        <p class="file">${file}</p>
        <pre class="code" tabindex="0" aria-label=${title}>${text}</pre>
        <copy-button .text=${text} .label=${title}></copy-button>
      </section>`;
  }

  #choose(name) {
    this.chosen = name;
    remember(CHOICE, name);
  }
}

customElements.define("connect-view", ConnectView);
