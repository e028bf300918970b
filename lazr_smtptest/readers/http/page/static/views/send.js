// Write a test mail, or an answer; the server keeps it as if it had come by SMTP.

import { html, nothing } from "../vendor/lit.js";
import { get, messagePath, request } from "../api.js";
import { currentLocale, formatTime, t } from "../lang.js";
import { mailboxesIn } from "../logic/addresses.js";
import { size } from "../logic/size.js";
import { Part, STATE } from "../part.js";
import { base64, keepFiles } from "../parts/drop.js";
import { problemLine } from "../parts/empty.js";
import { attempt, toast } from "../parts/toast.js";
import { currentRoute, go } from "../route.js";

const EMPTY = { from: "sender@example.com", to: "", subject: "", text: "", headers: {} };
// Characters of a message that an answer quotes.
const QUOTED = 20_000;

class SendView extends Part {
  static properties = {
    problem: STATE,
    isBusy: STATE,
    draft: STATE,
    files: STATE,
  };

  constructor() {
    super();
    this.problem = "";
    this.isBusy = false;
    // What the fields have at first; the fields keep what is typed.
    this.draft = EMPTY;
    this.files = [];
    this.listen(window, ["hashchange"], () => this.#begin());
  }

  connectedCallback() {
    super.connectedCallback();
    this.#begin();
  }

  /** Begin an answer, if the address names the message, or another mail. */
  async #begin() {
    const { href } = location;
    const { view, query } = currentRoute();
    const id = query.get("reply");
    if (view !== "send") return;
    this.draft = EMPTY;
    const message = id && await attempt(() => get(messagePath(id)));
    if (message && href === location.href) this.draft = answerTo(message);
  }

  render() {
    const { from, to, subject, text } = this.draft;
    return html`<div class="head"><h1>${t("side.send")}</h1><p>${t("send.what")}</p></div>
      <div class="pane" tabindex="0"><section class="card">
        <label class="btn pick">${t("send.eml")}<input type="file" class="unseen" accept=".eml,message/rfc822"
          multiple @change=${this.#keep}></label> <span>${t("send.drop")}</span></section>
      <form class="card compose" @submit=${this.#send}>
        <label>${t("head.from")}<input name="from" required .value=${from}></label>
        <label>${t("head.to")}<input name="to" required placeholder="anna@example.com, bert@example.com" .value=${to}></label>
        <label>${t("send.subject")}<input name="subject" dir="auto" .value=${subject}></label>
        <label>${t("tab.text")}<textarea name="text" rows="8" dir="auto" .value=${text}></textarea></label>
        <label>HTML<textarea name="html" rows="4" spellcheck="false"></textarea></label>
        ${this.#attachments()}
        ${problemLine(this.problem)}
        <button class="btn primary" ?disabled=${this.isBusy}>${t("side.send")}</button>
      </form></div>`;
  }

  #attachments() {
    return html`<label class="btn pick">${t("send.attach")}<input type="file" class="unseen" multiple
        @change=${this.#attach}></label>
      ${this.files.length ? html`<ul class="files" aria-label=${t("files.label")}>${this.files.map((file) => html`<li>
        <span class="what"><bdi>${file.name}</bdi><small>${size(file.size, currentLocale())}</small></span>
        <button type="button" class="btn small" aria-label=${t("send.detach", { name: file.name })}
          @click=${() => (this.files = this.files.filter((each) => each !== file))}>×</button></li>`)}</ul>` : nothing}`;
  }

  #attach(event) {
    this.files = [...this.files, ...event.target.files];
    // The same file can be chosen again after it was removed.
    event.target.value = "";
  }

  async #keep(event) {
    const files = [...event.target.files];
    event.target.value = "";
    await keepFiles(files);
  }

  async #send(event) {
    event.preventDefault();
    const fields = new FormData(event.target);
    // If it fails, what was written stays.
    await this.submit(async () => {
      const body = await this.#body(fields);
      const { ID } = await request("POST", "/api/v1/send", { body });
      toast(t("send.done"));
      go(["messages", ID]);
    });
  }

  /** Return the message as the API takes it. */
  async #body(fields) {
    const attachments = this.files.map(async (file) => ({
      Filename: file.name, ContentType: file.type, Content: await base64(file),
    }));
    return {
      From: mailboxesIn(fields.get("from"))[0],
      To: mailboxesIn(fields.get("to")),
      Subject: fields.get("subject"),
      Text: fields.get("text"),
      HTML: fields.get("html"),
      Headers: this.draft.headers,
      Attachments: await Promise.all(attachments),
    };
  }
}

/** Return the draft of an answer to a message (RFC 5322 section 3.6.4). */
function answerTo({ summary, headers, text }) {
  const to = summary.reply_to.length ? summary.reply_to : summary.from;
  const value = (name) => headers.find((each) => each.name.toLowerCase() === name)?.value.trim() ?? "";
  const id = value("message-id");
  const references = `${value("references") || value("in-reply-to")} ${id}`.trim();
  const who = summary.from.map(({ name, address }) => name || address).join(", ");
  const quoted = (text ?? "").slice(0, QUOTED).trimEnd().replace(/^/gm, "> ");
  const date = formatTime(summary.received_at);
  return {
    from: summary.rcpt_tos[0] ?? EMPTY.from,
    to: to.map(({ address }) => address).join(", "),
    subject: /^re:/i.test(summary.subject) ? summary.subject : `Re: ${summary.subject}`,
    text: `\n\n${t("send.wrote", { who, date })}\n${quoted}\n`,
    headers: id ? { "In-Reply-To": id, References: references } : {},
  };
}

customElements.define("send-view", SendView);
