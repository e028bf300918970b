// A text of a message, with its lines and a search in it.

import { html, nothing } from "../vendor/lit.js";
import { apiURL, get } from "../api.js";
import { t } from "../lang.js";
import { spelled } from "../logic/bidi.js";
import { rangesOf } from "../logic/highlight.js";
import { Part, STATE } from "../part.js";
import { rangesIn, textBlocks } from "../parts/text.js";

// Characters that are shown; the rest can be downloaded.
const MOST = 500_000;
// Places that are coloured or found: a browser draws each of them.
const MOST_RANGES = 10_000;

class MailSource extends Part {
  static properties = {
    path: {},
    kind: {},
    absent: {},
    text: STATE,
    problem: STATE,
    found: STATE,
    nth: STATE,
  };

  // The text as it is drawn.
  #shown = "";

  constructor() {
    super();
    this.text = "";
    this.problem = null;
    this.found = [];
    this.nth = 0;
  }

  willUpdate(changed) {
    if (changed.has("path")) {
      this.found = [];
      const { path } = this;
      this.useLatest(() => get(path, {}, { as: "text" }), (text) => (this.text = text));
    }
    if (changed.has("text")) this.#shown = spelled(this.text.slice(0, MOST).replaceAll("\r", ""));
  }

  updated(changed) {
    if (changed.has("text")) this.#paint();
  }

  /** Colour the text without an element for each word. */
  #paint() {
    CSS.highlights?.clear();
    const pre = this.querySelector("pre");
    if (!globalThis.Highlight || !pre || this.kind === "text") return;
    const places = coloursOf(this.#shown, this.kind).slice(0, MOST_RANGES);
    for (const [index, range] of rangesIn(pre, places).entries()) {
      const key = `source-${places[index].name}`;
      if (!CSS.highlights.has(key)) CSS.highlights.set(key, new Highlight());
      CSS.highlights.get(key).add(range);
    }
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    CSS.highlights?.clear();
  }

  render() {
    if (this.problem) {
      return html`<p class="empty">${this.problem.status === 404 && this.absent
        ? this.absent : this.problem.message}</p>`;
    }
    return html`<div class="strip">
        <input type="search" class="find" aria-label=${t("source.find")} placeholder=${t("source.find")}
          @input=${this.#find} @keydown=${this.#key}>
        ${this.found.length ? html`<span role="status">${t("source.found", {
          nth: this.nth + 1, n: this.found.length })}</span>` : nothing}
        <span class="spring"></span>
        ${this.text.length > MOST ? html`<span>${t("source.cut")}</span>` : nothing}
        <a class="btn small" href=${apiURL(this.path)} download>${t("do.download")}</a>
      </div>
      <pre class="source" data-kind=${this.kind} tabindex="0" aria-label=${t("source.label")}
        >${textBlocks(this.#shown)}</pre>`;
  }

  #find(event) {
    const places = placesOf(event.target.value, this.#shown);
    this.found = rangesIn(this.querySelector("pre"), places);
    this.nth = 0;
    this.#mark();
  }

  #key(event) {
    if (event.key !== "Enter" || !this.found.length) return;
    const step = event.shiftKey ? -1 : 1;
    this.nth = (this.nth + step + this.found.length) % this.found.length;
    this.#mark();
  }

  #mark() {
    const here = this.found.slice(this.nth, this.nth + 1);
    if (globalThis.Highlight) {
      CSS.highlights.set("found", new Highlight(...this.found));
      CSS.highlights.set("found-here", new Highlight(...here));
    }
    here.forEach((each) => this.#scrollTo(each));
  }

  #scrollTo({ startContainer, startOffset, endContainer, endOffset }) {
    const range = new Range();
    range.setStart(startContainer, startOffset);
    range.setEnd(endContainer, endOffset);
    const pane = this.closest(".pane");
    const box = range.getBoundingClientRect();
    const outside = pane.getBoundingClientRect();
    if (box.top < outside.top || box.bottom > outside.bottom) {
      pane.scrollTop += box.top - outside.top - outside.height / 3;
    }
  }
}

/** Return the coloured ranges: of a raw message, those of its header alone. */
function coloursOf(text, kind) {
  if (kind === "html") return rangesOf(text, "html");
  const end = text.indexOf("\n\n");
  return rangesOf(end < 0 ? text : text.slice(0, end), "header");
}

/** Return where a text has the one that is wanted, in upper or lower case. */
function placesOf(wanted, text) {
  if (!wanted) return [];
  const pattern = new RegExp(wanted.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "giu");
  return text.matchAll(pattern).take(MOST_RANGES)
    .map((each) => ({ start: each.index, end: each.index + each[0].length })).toArray();
}

customElements.define("mail-source", MailSource);
