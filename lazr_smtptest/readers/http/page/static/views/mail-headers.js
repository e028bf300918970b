// The header of a message: decoded, or as it was received.

import { html, nothing } from "../vendor/lit.js";
import { get, messagePath } from "../api.js";
import { currentLocale, t } from "../lang.js";
import { authenticationOf, gradeOf } from "../logic/authentication.js";
import { delay } from "../logic/time.js";
import { routeOf } from "../logic/received.js";
import { Part, STATE } from "../part.js";
import { choice } from "../parts/choice.js";
import { marked } from "../parts/marked.js";
import { moreButton, STEP } from "../parts/more.js";
import { textBlocks } from "../parts/text.js";
import { attempt } from "../parts/toast.js";

// Characters of a value that are shown; the whole one is in the raw header.
const LONGEST = 10_000;

class MailHeaders extends Part {
  static properties = {
    messageId: {},
    headers: {},
    isRaw: STATE,
    shown: STATE,
    raw: STATE,
  };

  willUpdate(changed) {
    if (changed.has("messageId")) {
      this.raw = "";
      this.isRaw = false;
      this.shown = STEP;
    }
  }

  render() {
    const forms = { decoded: t("headers.decoded"), raw: t("headers.raw") };
    return html`<div class="strip">${choice(t("headers.form"), forms, this.isRaw ? "raw" : "decoded",
        (name) => this.#show(name === "raw"))}</div>
      ${this.isRaw ? html`<pre class="source" tabindex="0" aria-label=${t("headers.raw")}>${textBlocks(this.raw)}</pre>`
        : html`${this.#route()}${this.#authentication()}${this.#table()}`}`;
  }

  #table() {
    return html`<table class="table"><tbody>${this.headers.slice(0, this.shown).map(({ name, value }) => html`<tr>
      <th scope="row">${name}</th><td>${marked(value.slice(0, LONGEST))}${value.length > LONGEST
        ? html` <em>${t("source.cut")}</em>` : nothing}</td></tr>`)}</tbody></table>
      ${moreButton(this.headers.length - this.shown, () => (this.shown += STEP))}`;
  }

  /** The way of the message, from server to server, as its Received fields tell it. */
  #route() {
    const hops = routeOf(this.headers);
    if (!hops.length) return nothing;
    return html`<section class="card"><h2>${t("headers.route")}</h2><ol class="route">
      ${hops.map((hop) => html`<li><code>${marked(hop.from || "?")}</code> → <code>${marked(hop.by || "?")}</code>
        ${hop.with ? html`<span class="chip ${hop.tls ? "good" : ""}">${marked(hop.with)}</span>` : nothing}
        ${hop.delay === null ? nothing : html`<time>${delay(hop.delay, currentLocale())}</time>`}</li>`)}
    </ol></section>`;
  }

  /** What other servers found out about the sender, as fields tell it. */
  #authentication() {
    const found = authenticationOf(this.headers);
    if (!found.length) return nothing;
    return html`<section class="card"><h2>${t("headers.authentication")}</h2><p>${t("headers.unproven")}</p>
      ${found.map(({ server, results }) => html`<ul class="route" aria-label=${server}><li><code>${marked(server)}</code></li>
        ${results.map(({ method, result, details }) => html`<li><span class="chip ${gradeOf(result)}">${marked(`${method}=${result}`)}</span>
          ${details.map((each) => html`<code>${marked(each)}</code>`)}</li>`)}</ul>`)}</section>`;
  }

  async #show(isRaw) {
    this.isRaw = isRaw;
    if (!isRaw || this.raw) return;
    const id = this.messageId;
    const text = await attempt(() => get(messagePath(id, "raw"), {}, { as: "text" }));
    if (id === this.messageId && text !== undefined) {
      [this.raw] = text.split(/\r?\n\r?\n/, 1);
    }
  }
}

customElements.define("mail-headers", MailHeaders);
