// The search field: a query is typed as text, and shown as chips when it is at rest.

import { html, nothing } from "../vendor/lit.js";
import { t } from "../lang.js";
import { chipsOf, completed, completionsOf } from "../logic/query.js";
import { Part, STATE } from "../part.js";
import { currentRoute, replaceRoute } from "../route.js";
import { state } from "../state.js";
import { savedSearches } from "./saved.js";
import { delayed } from "../throttle.js";

// Milliseconds after the last letter before the search begins.
const PAUSE = 50;

const NONE = { options: [] };

const problems = new EventTarget();

/** Show why a query is wrong under the search field; null: it is right. */
export function showSearchProblem(problem) {
  problems.dispatchEvent(new CustomEvent("problem", { detail: problem }));
}

class SearchField extends Part {
  static properties = {
    value: {},
    view: {},
    hasFocus: STATE,
    problem: STATE,
    found: STATE,
    chosen: STATE,
  };

  #search = delayed((text) => this.#go(text), PAUSE);

  constructor() {
    super();
    this.value = "";
    this.hasFocus = false;
    this.problem = null;
    // The completions, and the index of that which the keys have chosen.
    this.found = NONE;
    this.chosen = -1;
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
    const chips = chipsOf(this.value).filter((each) => each.kind !== "space");
    const isSaved = savedSearches.has(this.value);
    return html`<div class="search" role="search" data-focus=${this.hasFocus}>
      <div class="chips" aria-hidden="true">${chips.map(({ kind, text }) =>
        kind === "field" ? html`<b>${text}</b> ` : html`<span>${text}</span> `)}</div>
      <input type="search" autocomplete="off" spellcheck="false" autocapitalize="none"
        role="combobox" aria-autocomplete="list" aria-expanded=${this.#isOpen}
        aria-controls="search-options" aria-activedescendant=${this.chosen >= 0
          ? `search-option-${this.chosen}` : nothing}
        aria-label=${t("search.label")} placeholder=${t("search.hint")}
        aria-describedby=${this.problem ? "search-problem" : nothing}
        aria-invalid=${this.problem ? "true" : nothing}
        .value=${this.value} @input=${this.#typed} @keydown=${this.#key}
        @focus=${() => (this.hasFocus = true)} @blur=${this.#left}>
      ${this.value && !this.problem ? html`<button class="btn icon small" @click=${this.#save}
        aria-pressed=${isSaved} aria-label=${t("search.save")} title=${t("search.save")}
        >${isSaved ? "★" : "☆"}</button>` : nothing}
      <kbd aria-hidden="true">/</kbd>
      <ul class="options" id="search-options" role="listbox" aria-label=${t("search.options")}
        ?hidden=${!this.#isOpen}>${this.#isOpen ? this.found.options.map((each, index) => html`<li
          id="search-option-${index}" role="option" aria-selected=${index === this.chosen}
          @mousedown=${(event) => this.#take(event, index)}><code>${each.text}</code>
          ${each.key ? html`<span>${t(each.key)}</span>` : nothing}</li>`) : nothing}</ul>
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

  /** Whether completions are offered. */
  get #isOpen() {
    return this.hasFocus && this.found.options.length > 0;
  }

  #typed(event) {
    this.value = event.target.value;
    this.#complete(event.target);
    this.#search(this.value);
  }

  #complete(field) {
    const known = { tags: Object.keys(state.tags) };
    this.found = completionsOf(field.value, field.selectionStart, known);
    this.chosen = -1;
  }

  #take(event, index) {
    event.preventDefault();
    const { text, cursor } = completed(this.value, this.found, this.found.options[index]);
    const field = this.querySelector("input");
    this.value = field.value = text;
    field.setSelectionRange(cursor, cursor);
    this.#complete(field);
    this.#search(text);
  }

  #left() {
    this.hasFocus = false;
    this.found = NONE;
  }

  #key(event) {
    const count = this.#isOpen ? this.found.options.length : 0;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (count && step) {
      event.preventDefault();
      this.chosen = this.chosen < 0 && step < 0 ? count - 1 : (this.chosen + step + count) % count;
    } else if (count && (event.key === "Tab" || event.key === "Enter") && this.chosen >= 0) {
      this.#take(event, this.chosen);
    } else if (event.key === "Escape") {
      // A browser would empty the field, and leave what it has found.
      event.preventDefault();
      if (count) this.found = NONE;
      else event.target.blur();
    } else if (event.key === "Enter") {
      this.found = NONE;
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
