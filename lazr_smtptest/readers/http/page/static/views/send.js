// Write a test mail; the server keeps it as if it had come by SMTP.

import { html, nothing } from "../vendor/lit.js";
import { request } from "../api.js";
import { t } from "../lang.js";
import { Part } from "../part.js";
import { toast } from "../parts/toast.js";
import { go } from "../route.js";

const ADDRESSES = /\s*[,;]\s*|\s+/;

class SendView extends Part {
  static properties = { problem: { state: true }, isBusy: { state: true } };

  constructor() {
    super();
    this.problem = "";
    this.isBusy = false;
  }

  render() {
    return html`<div class="head"><h1>${t("side.send")}</h1><p>${t("send.what")}</p></div>
      <div class="pane" tabindex="0"><form class="card compose" @submit=${this.#send}>
        <label>${t("head.from")}<input name="from" type="email" required value="sender@example.com"></label>
        <label>${t("head.to")}<input name="to" required placeholder="anna@example.com, bert@example.com"></label>
        <label>${t("send.subject")}<input name="subject"></label>
        <label>${t("tab.text")}<textarea name="text" rows="8"></textarea></label>
        <label>HTML<textarea name="html" rows="4" spellcheck="false"></textarea></label>
        ${this.problem ? html`<p class="bad" role="alert">${this.problem}</p>` : nothing}
        <button class="btn primary" ?disabled=${this.isBusy}>${t("side.send")}</button>
      </form></div>`;
  }

  async #send(event) {
    event.preventDefault();
    const fields = new FormData(event.target);
    const to = fields.get("to").split(ADDRESSES).filter(Boolean);
    this.isBusy = true;
    this.problem = "";
    try {
      const { ID } = await request("POST", "/api/v1/send", {
        body: {
          From: { Email: fields.get("from") },
          To: to.map((Email) => ({ Email })),
          Subject: fields.get("subject"),
          Text: fields.get("text"),
          HTML: fields.get("html"),
        },
      });
      toast(t("send.done"));
      go(["messages", ID]);
    } catch (problem) {
      // What was written stays.
      this.problem = problem.message;
    }
    this.isBusy = false;
  }
}

customElements.define("send-view", SendView);
