// The search field: a query is typed as text, and shown as chips when it is at rest.

import { html, live, nothing } from "../vendor/lit.js";
import { t } from "../lang.js";
import { Part } from "../part.js";
import { currentRoute, replaceRoute } from "../route.js";
import { savedSearches } from "./saved.js";
import { delayed } from "../throttle.js";

// Milliseconds after the last letter before the search begins.
const PAUSE = 120;

const problems = new EventTarget();

/** Show why a query is wrong under the search field; null: it is right. */
export function showSearchProblem(problem) {
  problems.dispatchEvent(new CustomEvent("problem", { detail: problem }));
}

// A term with a field and perhaps a quoted value, a phrase, or a word.
const TERM = /[-!]?[\w-]+:(?:"[^"]*"?|\S*)|[-!]?"[^"]*"?|\S+/g;

class SearchField extends Part {
  static properties = {
    value: {},
    view: {},
    hasFocus: { state: true },
    problem: { state: true },
  };

  #search = delayed((text) => this.#go(text), PAUSE);

  constructor() {
    super();
    this.value = "";
    this.hasFocus = false;
    this.problem = null;
    this.listen(problems, ["problem"], (event) => (this.problem = event.detail));
  }

  focusField() {
    const field = this.querySelector("input");
    field.focus();
    field.select();
  }

  willUpdate(changed) {
    if (changed.has("value") && !this.value) this.problem = null;
  }

  render() {
    const chips = this.value.match(TERM) ?? [];
    const isSaved = savedSearches.has(this.value);
    return html`<div class="search" role="search" data-focus=${this.hasFocus}>
      <div class="chips" aria-hidden="true">${chips.map((each) =>
        /^[-!]?[\w-]+:/.test(each) ? html`<b>${each}</b> ` : html`<span>${each}</span> `)}</div>
      <input type="search" autocomplete="off" spellcheck="false" autocapitalize="none"
        aria-label=${t("search.label")} placeholder=${t("search.hint")}
        aria-describedby=${this.problem ? "search-problem" : nothing}
        aria-invalid=${this.problem ? "true" : nothing}
        .value=${live(this.value)} @input=${this.#typed} @keydown=${this.#key}
        @focus=${() => (this.hasFocus = true)} @blur=${() => (this.hasFocus = false)}>
      ${this.value && !this.problem ? html`<button class="btn icon small" @click=${this.#save}
        aria-pressed=${isSaved} aria-label=${t("search.save")} title=${t("search.save")}
        >${isSaved ? "★" : "☆"}</button>` : nothing}
      <kbd aria-hidden="true">/</kbd>
      ${this.#shownProblem()}
    </div>`;
  }

  #shownProblem() {
    if (!this.problem) return nothing;
    const { position, message } = this.problem;
    const mark = position === undefined ? "" : `${" ".repeat(position)}▲\n`;
    return html`<div class="search-problem" id="search-problem" role="alert"><span
      class="under" aria-hidden="true">${mark}</span>${message}</div>`;
  }

  #typed(event) {
    this.value = event.target.value;
    this.#search(this.value);
  }

  #key(event) {
    if (event.key === "Escape") {
      event.target.blur();
    } else if (event.key === "Enter") {
      this.#go(this.value);
    }
  }

  #save() {
    savedSearches.toggle(this.value);
    this.requestUpdate();
  }

  #go(text) {
    const { view, id, tab } = currentRoute();
    const place = view === "messages" ? [view, id, tab] : ["messages"];
    replaceRoute(place, { q: text.trim() });
  }
}

customElements.define("search-field", SearchField);
