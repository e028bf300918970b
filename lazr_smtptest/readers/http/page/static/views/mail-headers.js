// The header of a message: decoded, or as it was received.

import { html } from "../vendor/lit.js";
import { get, messagePath } from "../api.js";
import { t } from "../lang.js";
import { Part } from "../part.js";
import { attempt } from "../parts/toast.js";

class MailHeaders extends Part {
  static properties = {
    messageId: {},
    headers: {},
    isRaw: { state: true },
    raw: { state: true },
  };

  constructor() {
    super();
    this.isRaw = false;
    this.raw = "";
  }

  willUpdate(changed) {
    if (changed.has("messageId")) {
      this.raw = "";
      this.isRaw = false;
    }
  }

  render() {
    return html`<div class="strip"><span class="seg" role="group" aria-label=${t("headers.form")}>
        <button aria-pressed=${!this.isRaw} @click=${() => (this.isRaw = false)}>${t("headers.decoded")}</button>
        <button aria-pressed=${this.isRaw} @click=${this.#showRaw}>${t("headers.raw")}</button></span></div>
      ${this.isRaw ? html`<pre class="source" tabindex="0" aria-label=${t("headers.raw")}>${this.raw}</pre>`
        : this.#table()}`;
  }

  #table() {
    return html`<table class="table"><tbody>${this.headers.map((each) => html`<tr>
      <th scope="row">${each.name}</th><td>${each.value}</td></tr>`)}</tbody></table>`;
  }

  async #showRaw() {
    this.isRaw = true;
    if (this.raw) return;
    const id = this.messageId;
    const text = await attempt(() => get(messagePath(id, "raw"), {}, { as: "text" }));
    if (id === this.messageId && text !== undefined) {
      [this.raw] = text.split(/\r?\n\r?\n/, 1);
    }
  }
}

customElements.define("mail-headers", MailHeaders);
