// How to connect: the host and port, and the settings of frameworks.

import { html, nothing } from "../vendor/lit.js";
import { get } from "../api.js";
import { t } from "../lang.js";
import { Part } from "../part.js";
import { state } from "../state.js";
import "../parts/copy.js";
import { SNIPPETS } from "./snippets.js";

class ConnectView extends Part {
  static properties = { chosen: { state: true }, listeners: { state: true } };

  constructor() {
    super();
    this.chosen = "django";
    this.listeners = [];
  }

  connectedCallback() {
    super.connectedCallback();
    this.#read();
  }

  async #read() {
    try {
      const status = await get("status");
      this.listeners = status.listeners;
    } catch {
      // The bar tells that the server is away.
    }
  }

  render() {
    const smtp = this.listeners.find((each) => each.protocol === "smtp");
    const host = location.hostname.replace(/^\[|\]$/g, "");
    const isEmpty = state.counts?.messages === 0;
    return html`<div class="head"><h1>${isEmpty ? t("connect.empty") : t("connect.title")}</h1>
      <p>${t("connect.how")}</p></div>
      <div class="pane">${smtp ? this.#shown(host, smtp) : nothing}</div>`;
  }

  #shown(host, smtp) {
    const snippet = SNIPPETS[this.chosen];
    const text = snippet.text(host, smtp.port);
    return html`
      <section class="card"><dl class="who">
        <dt>${t("connect.host")}</dt><dd><code>${host}</code></dd>
        <dt>${t("connect.port")}</dt><dd><code>${smtp.port}</code></dd>
        <dt>URL</dt><dd><code>smtp://${host}:${smtp.port}</code>
          <copy-button .text=${`smtp://${host}:${smtp.port}`}></copy-button></dd>
      </dl></section>
      <section class="card"><h2>${t("connect.settings")}</h2>
        <div class="seg wrap" role="group" aria-label=${t("connect.settings")}>
          ${Object.entries(SNIPPETS).map(([name, each]) => html`<button
            aria-pressed=${name === this.chosen} @click=${() => (this.chosen = name)}
            >${each.title}</button>`)}
        </div>
        <p class="file">${snippet.file}</p>
        <pre class="code" tabindex="0" aria-label=${snippet.title}>${text}</pre>
        <copy-button .text=${text} .label=${snippet.title}></copy-button>
      </section>`;
  }
}

customElements.define("connect-view", ConnectView);
