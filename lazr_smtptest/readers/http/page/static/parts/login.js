// The form that asks for a login when the API needs one.

import { html } from "../vendor/lit.js";
import { api, request } from "../api.js";
import { feed } from "../feed.js";
import { t } from "../lang.js";
import { Part, STATE } from "../part.js";
import { currentRoute } from "../route.js";
import { problemLine } from "./empty.js";

class LoginForm extends Part {
  static properties = { problem: STATE, isBusy: STATE };

  constructor() {
    super();
    this.problem = "";
    this.isBusy = false;
  }

  firstUpdated() {
    this.#show();
  }

  /** Show it, again if a key has closed it: nothing else can be done. */
  #show() {
    this.querySelector("dialog").showModal();
  }

  render() {
    return html`<dialog class="dialog login" aria-labelledby="login-title"
      @close=${this.#show}>
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
      // All is asked for anew, with the cookie of the login; what is written stays.
      if (currentRoute().view !== "send") location.reload();
      api.dispatchEvent(new Event("logged-in"));
      feed.start();
    });
  }
}

customElements.define("login-form", LoginForm);
