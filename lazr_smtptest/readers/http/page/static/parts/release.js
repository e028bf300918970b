// Send a captured message on to a real server: a dialog that asks to whom, or says how
// the server is told where to send.

import { html, nothing } from "../vendor/lit.js";
import { get, request } from "../api.js";
import { t } from "../lang.js";
import { mailboxesIn } from "../logic/addresses.js";
import { Part, STATE } from "../part.js";
import { problemLine } from "./empty.js";
import { attempt, toast } from "./toast.js";

class MailRelease extends Part {
  static properties = {
    messageId: {},
    recipients: {},
    relay: STATE,
    problem: STATE,
    isBusy: STATE,
  };

  constructor() {
    super();
    // What the server says of releases; null while the dialog is closed.
    this.relay = null;
    this.problem = "";
    this.isBusy = false;
  }

  render() {
    return html`<button class="btn" @click=${this.#open}>${t("release.title")}</button>
      <dialog class="dialog" aria-labelledby="release-title" @close=${() => (this.relay = null)}>
        ${this.relay === null ? nothing : html`<h2 id="release-title">${t("release.title")}</h2>
          ${this.relay.Enabled ? this.#form() : this.#how()}`}</dialog>`;
  }

  #form() {
    const { SMTPServer, AllowedRecipients } = this.relay;
    return html`<form class="compose" @submit=${this.#release}>
      <p>${t("release.what", { server: SMTPServer })}</p>
      ${AllowedRecipients ? html`<p>${t("release.allowed")} <code>${AllowedRecipients}</code></p>` : nothing}
      <label>${t("release.to")}<input name="to" required .value=${this.recipients.join(", ")}></label>
      ${problemLine(this.problem)}
      <footer><button class="btn primary" ?disabled=${this.isBusy}>${t("release.do")}</button>
        <button type="button" class="btn" @click=${this.#close}>${t("close")}</button></footer></form>`;
  }

  /** How a server is told where messages are released to. */
  #how() {
    const command = "smtptest --relay-host smtp.example.com --relay-port 587";
    return html`<p>${t("release.how")}</p>
      <pre class="code" tabindex="0" aria-label=${t("release.command")}>${command}</pre>
      <footer><copy-button .text=${command} .label=${t("release.command")}></copy-button>
        <button class="btn" @click=${this.#close}>${t("close")}</button></footer>`;
  }

  #close() {
    this.querySelector("dialog").close();
  }

  async #open() {
    this.problem = "";
    const found = await attempt(() => get("/api/v1/webui"));
    if (!found) return;
    this.relay = found.MessageRelay;
    await this.updateComplete;
    this.querySelector("dialog").showModal();
  }

  async #release(event) {
    event.preventDefault();
    const To = mailboxesIn(new FormData(event.target).get("to")).map((each) => each.Email);
    await this.submit(async () => {
      const path = `/api/v1/message/${encodeURIComponent(this.messageId)}/release`;
      await request("POST", path, { body: { To }, as: "text" });
      this.#close();
      toast(t("release.done", { n: To.length }));
    });
  }
}

customElements.define("mail-release", MailRelease);
