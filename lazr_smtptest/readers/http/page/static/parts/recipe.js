// «Make this a test»: a dialog with the code, to copy.

import { html, nothing } from "../vendor/lit.js";
import { ROOT } from "../api.js";
import { t } from "../lang.js";
import { nodeOfMessage, nodeOfSession, pytestOfMessage, pytestOfSession } from "../logic/recipe.js";
import { Part, STATE } from "../part.js";
import { choice } from "./choice.js";
import "./copy.js";

class TestRecipe extends Part {
  static properties = { message: {}, whole: {}, language: STATE, isOpen: STATE };

  constructor() {
    super();
    this.message = null;
    this.whole = null;
    this.language = "python";
    this.isOpen = false;
  }

  get #code() {
    const isPython = this.language === "python";
    if (this.message) {
      return isPython ? pytestOfMessage(this.message) : nodeOfMessage(this.message, ROOT.href);
    }
    return isPython ? pytestOfSession(this.whole) : nodeOfSession(this.whole, ROOT.href);
  }

  render() {
    return html`<button class="btn primary" @click=${this.#open}>${t("recipe.title")}</button>
      <dialog class="dialog recipe" aria-labelledby="recipe-title" @close=${() => (this.isOpen = false)}>
        ${this.isOpen ? this.#inside() : nothing}</dialog>`;
  }

  #inside() {
    const code = this.#code;
    const names = { python: "Python (pytest)", javascript: "JavaScript (node:test)" };
    return html`<h2 id="recipe-title">${t("recipe.title")}</h2>
      <p>${this.message ? t("recipe.message") : t("recipe.session")}</p>
      ${choice(t("recipe.language"), names, this.language, (name) => (this.language = name))}
      <pre class="code" tabindex="0" aria-label=${names[this.language]}>${code}</pre>
      <footer><copy-button .text=${code} .label=${names[this.language]}></copy-button><span class="spring"></span>
        <button class="btn" @click=${() => this.querySelector("dialog").close()}>${t("close")}</button></footer>`;
  }

  #open() {
    this.isOpen = true;
    this.updateComplete.then(() => this.querySelector("dialog").showModal());
  }
}

customElements.define("test-recipe", TestRecipe);
