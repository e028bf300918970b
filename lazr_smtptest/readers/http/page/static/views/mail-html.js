// The HTML of a message, in a frame in which nothing runs and nothing loads.

import { html, nothing, repeat } from "../vendor/lit.js";
import { apiURL, get, messagePath, ROOT } from "../api.js";
import { currentLocale, t } from "../lang.js";
import { size } from "../logic/size.js";
import { Part, STATE } from "../part.js";
import { choice } from "../parts/choice.js";

// Bytes of an HTML part above which it is offered, not drawn.
const LARGE = 5_000_000;

const NOTHING = { blocked: [] };

class MailHTML extends Part {
  static properties = {
    messageId: {},
    message: {},
    width: STATE,
    scheme: STATE,
    isShown: STATE,
    withImages: STATE,
    blocked: STATE,
    problem: STATE,
  };

  constructor() {
    super();
    this.width = "desktop";
    // Mails are written for white paper; a dark one shows what dark mode makes of them.
    this.scheme = "light";
    this.isShown = false;
    this.withImages = false;
    this.blocked = null;
  }

  willUpdate(changed) {
    if (changed.has("messageId")) {
      this.isShown = false;
      // Asked for each message, and never remembered: images tell who has read it.
      this.withImages = false;
      this.blocked = null;
    }
    if (this.#isDrawn && this.blocked === null) this.#readBlocked(this.message.blocked);
  }

  #readBlocked(loading) {
    const id = this.messageId;
    this.blocked = NOTHING;
    const load = () => {
      const first = loading;
      // If it fails, it is asked for again.
      loading = null;
      return first ?? get(messagePath(id, "view/blocked"));
    };
    this.useLatest(load, (found) => {
      if (id === this.messageId) this.blocked = found;
    });
  }

  /** Load the images. The token of the frame may have ended since the message was opened. */
  #showImages() {
    this.withImages = true;
    this.#readBlocked();
  }

  get #part() {
    return this.message.parts.find((each) => each.content_type === "text/html");
  }

  /** Whether the frame is shown: a large part is offered first. */
  get #isDrawn() {
    return this.message.hasHTML && (this.isShown || !(this.#part?.size > LARGE));
  }

  /** The address of the document in the frame, which sends no cookies, but a token. */
  get #url() {
    const token = new URL(this.blocked.url, ROOT).searchParams.get("token");
    const images = this.withImages ? "remote" : "";
    // A proxy may show the server below another path than its own.
    const root = new URL(ROOT).pathname;
    return apiURL(messagePath(this.messageId, "view"), { token, images, root });
  }

  render() {
    if (!this.message.hasHTML) return html`<p class="empty">${t("html.none")}</p>`;
    if (!this.#isDrawn) return this.#offer(this.#part);
    const widths = { phone: t("html.phone"), tablet: t("html.tablet"), desktop: t("html.desktop") };
    const schemes = { light: t("html.light"), dark: t("html.dark") };
    return html`<div class="strip">
        ${choice(t("html.width"), widths, this.width, (name) => (this.width = name))}
        ${choice(t("html.scheme"), schemes, this.scheme, (name) => (this.scheme = name))}
        ${this.blocked.url ? html`<a class="btn icon small" href=${this.#url} target="_blank"
          rel="noopener noreferrer" aria-label=${t("html.alone")} title=${t("html.alone")}>↗</a>` : nothing}
        ${this.#blockedLine()}
      </div>
      ${this.blocked.url ? repeat([this.#url], (url) => url, (url) => this.#frame(url)) : nothing}`;
  }

  /** The frame of a document: another document has another frame, and no place in the history. */
  #frame(url) {
    return html`<iframe class="mail" data-width=${this.width} data-scheme=${this.scheme} title=${t("html.frame")}
      sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer"
      credentialless src=${url}></iframe>`;
  }

  /** What the frame does not load, and why. */
  #blockedLine() {
    const { images, blocked } = this.blocked;
    const failure = this.problem?.message ?? this.blocked.failure;
    if (failure) return html`<span class="chip warn">${failure}</span>`;
    if (this.withImages) return html`<span class="chip warn">${t("html.remote")}</span>`;
    return html`${images ? html`<span>${t("html.images", { n: images })}</span>
        <button class="btn small" @click=${this.#showImages}>${t("html.load")}</button>` : nothing}
      ${blocked.length ? html`<details class="blocked"><summary>${t("html.blocked", { n: this.blocked.count })}</summary>
        <p>${t("html.why")}</p>
        <ul>${blocked.map((each) => html`<li>${each.count} × ${each.kind}, <bdi>${each.host}</bdi></li>`)}</ul>
        </details>` : nothing}`;
  }

  #offer(part) {
    return html`<div class="empty"><p>${t("html.large", { size: size(part.size, currentLocale()) })}</p>
      <p><button class="btn" @click=${() => (this.isShown = true)}>${t("html.show")}</button>
      <a class="btn" href=${apiURL(messagePath(this.messageId, `parts/${part.id}`))}
        download="part-${part.id}.html">${t("do.download")}</a></p></div>`;
  }
}

customElements.define("mail-html", MailHTML);
