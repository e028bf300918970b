// The form that asks for a login when the API needs one.

import { html } from "../vendor/lit.js";
import { request } from "../api.js";
import { t } from "../lang.js";
import { Part, STATE } from "../part.js";
import { problemLine } from "./empty.js";

class LoginForm extends Part {
  static properties = { problem: STATE, isBusy: STATE };

  constructor() {
    super();
    this.problem = "";
    this.isBusy = false;
  }

  firstUpdated() {
    this.querySelector("dialog").showModal();
  }

  render() {
    return html`<dialog class="dialog login" aria-labelledby="login-title"
      @cancel=${(event) => event.preventDefault()}>
      <form @submit=${this.#submit}>
        <h2 id="login-title">${t("login.title")}</h2>
        <label>${t("login.user")}<input name="user" autocomplete="username" required></label>
        <label>${t("login.password")}<input name="password" type="password"
          autocomplete="current-password" required></label>
        ${problemLine(this.problem)}
        <button class="btn primary" ?disabled=${this.isBusy}>${t("login.title")}</button>
      </form>
    </dialog>`;
  }

  async #submit(event) {
    event.preventDefault();
    const fields = new FormData(event.target);
    await this.submit(async () => {
      await request("POST", "login", { body: Object.fromEntries(fields) });
      // Everything is asked for anew, with the cookie of the login.
      location.reload();
    });
  }
}

customElements.define("login-form", LoginForm);
