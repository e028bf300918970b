// The list of keys, which "?" opens.

import { html } from "../vendor/lit.js";
import { allKeys } from "../keys.js";
import { chooseLanguage, currentLocale, languages, t } from "../lang.js";
import { Part } from "../part.js";
import { areNoticesOn, chooseNotices } from "./notice.js";

class KeyHelp extends Part {
  open() {
    this.requestUpdate();
    this.querySelector("dialog").showModal();
  }

  render() {
    return html`<dialog class="dialog" autofocus aria-labelledby="keys-title" @click=${this.#outside}>
      <h2 id="keys-title">${t("keys.title")}</h2>
      <dl class="keys">${allKeys().map((each) => html`
        <dt>${each.keys.split(", ").map((keys) => html`<kbd>${keys}</kbd> `)}</dt>
        <dd>${t(each.label)}</dd>`)}</dl>
      <footer>
        <label>${t("language")} <select @change=${(event) => chooseLanguage(event.target.value)}>
          ${languages().map((name) => html`<option value=${name}
            ?selected=${currentLocale().startsWith(name)}>${nameOf(name)}</option>`)}
        </select></label>
        <label><input type="checkbox" ?checked=${areNoticesOn()}
          @change=${(event) => chooseNotices(event.target.checked)}>${t("notices")}</label>
        <span class="spring"></span>
        <form method="dialog"><button class="btn">${t("close")}</button></form>
      </footer>
    </dialog>`;
  }

  #outside(event) {
    if (event.target.localName === "dialog") event.target.close();
  }
}

function nameOf(language) {
  return new Intl.DisplayNames(language, { type: "language" }).of(language);
}

customElements.define("key-help", KeyHelp);
