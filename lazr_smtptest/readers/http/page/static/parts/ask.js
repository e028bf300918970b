// A question before something that cannot be undone.

import { html, nothing } from "../vendor/lit.js";
import { t } from "../lang.js";
import { Part, STATE } from "../part.js";

const questions = new EventTarget();

/**
 * Ask a question; return whether the answer is yes.
 * @param {string} text - the question.
 * @param {string} label - what the button says that answers with yes.
 */
export function ask(text, label) {
  return new Promise((answer) => {
    questions.dispatchEvent(new CustomEvent("ask", { detail: { text, label, answer } }));
  });
}

class AskDialog extends Part {
  static properties = { asked: STATE };

  constructor() {
    super();
    this.asked = null;
    this.listen(questions, ["ask"], (event) => this.#open(event.detail));
  }

  #open(asked) {
    this.asked?.answer(false);
    this.asked = asked;
    this.updateComplete.then(() => this.querySelector("dialog").showModal());
  }

  #closed(event) {
    this.asked?.answer(event.target.returnValue === "yes");
    this.asked = null;
    event.target.returnValue = "";
  }

  render() {
    const { text, label } = this.asked ?? {};
    return html`<dialog class="dialog" aria-labelledby="question" @close=${this.#closed}>
      <h2 id="question">${text}</h2>${this.asked ? html`<form method="dialog"><footer><span class="spring"></span>
        <button class="btn" autofocus>${t("ask.no")}</button>
        <button class="btn bad" value="yes">${label}</button></footer></form>` : nothing}
    </dialog>`;
  }
}

customElements.define("ask-dialog", AskDialog);
