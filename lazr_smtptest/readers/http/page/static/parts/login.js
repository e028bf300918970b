// The form that asks for a login when the API needs one.

import { html, nothing } from "../vendor/lit.js";
import { request } from "../api.js";
import { t } from "../lang.js";
import { Part } from "../part.js";

class LoginForm extends Part {
  static properties = { problem: { state: true }, isBusy: { state: true } };

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
        ${this.problem ? html`<p class="bad" role="alert">${this.problem}</p>` : nothing}
        <button class="btn primary" ?disabled=${this.isBusy}>${t("login.title")}</button>
      </form>
    </dialog>`;
  }

  async #submit(event) {
    event.preventDefault();
    const fields = new FormData(event.target);
    this.isBusy = true;
    try {
      await request("POST", "login", {
        body: { user: fields.get("user"), password: fields.get("password") },
      });
      // Everything is asked for anew, with the cookie of the login.
      location.reload();
    } catch (problem) {
      this.problem = problem.message;
      this.isBusy = false;
    }
  }
}

customElements.define("login-form", LoginForm);
