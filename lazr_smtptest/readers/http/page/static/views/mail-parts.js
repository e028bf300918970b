// The parts of a message as a tree, with their types, sizes, hashes and downloads.

import { html, nothing } from "../vendor/lit.js";
import { apiURL, messagePath } from "../api.js";
import { currentLocale, t } from "../lang.js";
import { exact, size } from "../logic/size.js";
import { Part, STATE } from "../part.js";
import { isImage } from "../parts/attachments.js";
import { marked } from "../parts/marked.js";
import { moreButton, STEP } from "../parts/more.js";

// A deeper part stands no further in.
const MOST_DEPTH = 4;

class MailParts extends Part {
  static properties = { messageId: {}, parts: {}, shown: STATE };

  willUpdate(changed) {
    if (changed.has("messageId")) this.shown = STEP;
  }

  render() {
    return html`<ul class="parts">${this.parts.slice(0, this.shown).map((each) => this.#part(each))}</ul>
      ${moreButton(this.parts.length - this.shown, () => (this.shown += STEP))}`;
  }

  #part(part) {
    const url = apiURL(messagePath(this.messageId, `parts/${part.id}`));
    const depth = Math.min(part.id.split(".").length, MOST_DEPTH) - 1;
    return html`<li class="card" .style=${`margin-inline-start: calc(${depth} * var(--s5))`}>
      <h2><code>${part.id}</code> <bdi>${marked(part.name || part.content_type)}</bdi>
        ${part.disposition ? html`<span class="chip">${part.disposition}</span>` : nothing}
        <span class="spring"></span>
        <a class="btn small" href=${url} download=${part.name || `part-${part.id}`}>${t("do.download")}</a></h2>
      <dl class="who"><dt>${t("parts.type")}</dt><dd><code>${part.content_type}${part.charset
        ? `; charset=${part.charset}` : ""}</code></dd>
        <dt>${t("parts.size")}</dt><dd title=${exact(part.size, currentLocale())}>${size(part.size, currentLocale())}</dd>
        ${part.content_id ? html`<dt>Content-ID</dt><dd><code>${part.content_id}</code></dd>` : nothing}
        <dt>SHA-256</dt><dd><code>${part.sha256}</code></dd></dl>
      ${isImage(part) ? html`<img class="preview" src=${url} alt=${part.name}>` : nothing}
    </li>`;
  }
}

customElements.define("mail-parts", MailParts);
