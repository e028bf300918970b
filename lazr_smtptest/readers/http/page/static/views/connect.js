// How to connect: the host and port, and the settings of frameworks.

import { html, nothing } from "../vendor/lit.js";
import { t } from "../lang.js";
import { Part, STATE } from "../part.js";
import { readServer } from "../parts/settings.js";
import { state } from "../state.js";

class ConnectView extends Part {
  static properties = { server: STATE };

  constructor() {
    super();
    // undefined: not known yet; null: known to another process.
    this.server = undefined;
  }

  connectedCallback() {
    super.connectedCallback();
    // The bar tells that the server is away.
    readServer().then((server) => (this.server = server)).catch(() => {});
  }

  render() {
    const { server } = this;
    const isEmpty = state.counts?.messages === 0;
    return html`<div class="head"><h1>${isEmpty ? t("connect.empty") : t("connect.title")}</h1>
        <p>${t("connect.how")}</p></div>
      <div class="pane" tabindex="0">${server ? html`<section class="card"><h2>${t("connect.settings")}</h2>
          <server-settings .server=${server}></server-settings></section>` : nothing}
        ${server === null ? html`<p class="empty">${t("connect.unknown")}</p>` : nothing}</div>`;
  }
}

customElements.define("connect-view", ConnectView);
