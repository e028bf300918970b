// One message: its envelope above the fold, and its parts in tabs.

import { html, nothing } from "../vendor/lit.js";
import { apiURL, changeMessages, get, messagePath, removeMessages, ROOT } from "../api.js";
import { feed } from "../feed.js";
import { currentLocale, formatClock, formatTime, t } from "../lang.js";
import { quoted } from "../logic/query.js";
import { size } from "../logic/size.js";
import { explained } from "../meanings.js";
import { Part, STATE } from "../part.js";
import { attachmentStrip } from "../parts/attachments.js";
import "../parts/copy.js";
import { choice } from "../parts/choice.js";
import { copy } from "../parts/copy.js";
import { emptyView, loadingLine } from "../parts/empty.js";
import { marked } from "../parts/marked.js";
import { STEP } from "../parts/more.js";
import "../parts/recipe.js";
import "../parts/release.js";
import { tagSquare } from "../parts/tags.js";
import { attempt } from "../parts/toast.js";
import { warningList } from "../parts/warnings.js";
import { currentRoute, go, href, replaceRoute } from "../route.js";
import { throttled } from "../throttle.js";
import "./conversation.js";
import "./mail-checks.js";
import { bccMark, envelopeTable, mailCommand, rcptCommand } from "./mail-envelope.js";
import "./mail-headers.js";
import "./mail-html.js";
import "./mail-parts.js";
import "./mail-source.js";

// Milliseconds between two looks for its flags and tags.
const PAUSE = 200;
// Milliseconds in which it is drawn before it is marked as read: then lists are read again.
const MARKING = 300;
// Bytes of a message above which its text and HTML are loaded when they are asked for.
const LARGE = 2_000_000;

// Recipients that are named above the content.
const MOST_NAMED = 50;

// The tabs, with the keys of their texts.
const TABS = [
  { name: "html", label: "tab.html" },
  { name: "text", label: "tab.text" },
  { name: "source", label: "tab.source" },
  { name: "headers", label: "tab.headers" },
  { name: "parts", label: "tab.parts" },
  { name: "links", label: "tab.links" },
  { name: "envelope", label: "tab.envelope" },
  { name: "conversation", label: "tab.conversation" },
  { name: "checks", label: "tab.checks" },
];
// Those that show the content itself.
const CONTENTS = ["html", "text"];

class MailView extends Part {
  static properties = {
    messageId: {},
    tab: {},
    message: STATE,
    problem: STATE,
    sourceKind: STATE,
    // How many recipients of the envelope are shown.
    shown: STATE,
  };

  #refresh = throttled(() => this.#readSummary(), PAUSE);
  #loading = null;
  #loaded = null;
  // The message whose links are being loaded.
  #linksOf = "";

  constructor() {
    super();
    this.message = null;
    this.problem = null;
    this.sourceKind = "raw";
    this.listen(feed, ["changed"], (event) => {
      if (event.detail.ids?.includes(this.messageId)) this.#refresh();
    });
    // If the list does not move on to another one, the view says that this one is gone.
    this.listen(feed, ["removed"], (event) => {
      if (event.detail.ids?.includes(this.messageId)) this.#load();
    });
    this.listen(feed, ["cleared", "reset", "back"], this.#refresh);
    this.listenToKeys([
      { keys: "Escape", label: "key.back", run: () => this.#back() },
      { keys: "r", label: "do.reply", run: () => go(["send"], { reply: this.messageId }) },
      { keys: "y", label: "do.link", run: () => this.#copyLink() },
      ...TABS.map((tab, index) => ({
        keys: `${index + 1}`, label: tab.label, run: () => this.#show(tab.name),
      })),
    ]);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#loading?.abort();
  }

  willUpdate(changed) {
    if (!changed.has("messageId")) return;
    // What is done with a message is done with the one that is shown.
    this.message = null;
    this.shown = STEP;
    this.#load();
  }

  updated() {
    this.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }

  #load() {
    this.#loaded = this.#loadAll();
  }

  async #loadAll() {
    this.#loading?.abort();
    const loading = new AbortController();
    this.#loading = loading;
    this.problem = null;
    const id = this.messageId;
    try {
      const found = await load(id, [undefined, "", "html"].includes(this.tab), loading.signal);
      if (loading.signal.aborted) return;
      // It may be named by its number, or as the latest one.
      if (found.summary.id !== id) {
        return replaceRoute(["messages", found.summary.id, this.tab], search());
      }
      this.message = found;
      await found.blocked?.catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, MARKING));
      if (!found.summary.flags.includes("seen")) {
        await changeMessages({ ids: [id] }, { set_flags: ["seen"] });
      }
    } catch (problem) {
      if (problem.name === "AbortError") return;
      this.message = null;
      this.problem = problem;
    }
  }

  async #readSummary() {
    await this.#loaded;
    const { message } = this;
    if (!message) {
      // The server may have been away, and is back.
      if (this.problem) this.#load();
      return;
    }
    const query = `id:${quoted(message.summary.id)}`;
    const page = await get("messages", { query, limit: 1 }).catch(() => null);
    if (!page || message.summary.id !== this.message?.summary.id) return;
    const [summary] = page.messages;
    if (summary) this.message = { ...this.message, summary };
    // It says that the message is gone.
    else this.#load();
  }

  /** The tab that is shown: the chosen one, or the first that has something. */
  get #current() {
    if (TABS.some((each) => each.name === this.tab)) return this.tab;
    return this.message.hasHTML ? "html" : "text";
  }

  #place(tab) {
    return href(["messages", this.messageId, tab], search());
  }

  #show(tab) {
    location.hash = this.#place(tab);
  }

  #back() {
    go(["messages"], search());
  }

  render() {
    if (this.problem) {
      return emptyView(t("list.label"), this.problem.status === 404 ? t("message.gone") : this.problem.message);
    }
    if (!this.message) return loadingLine();
    return html`${this.#head()}${this.#tabList()}${CONTENTS.includes(this.#current)
      ? attachmentStrip(this.messageId, this.message.parts) : nothing}
      <div class="pane" role="tabpanel" id="pane" tabindex="0" aria-labelledby="tab-${this.#current}">
        ${this.#pane()}</div>`;
  }

  // Above the fold

  #head() {
    const { summary, envelope, code } = this.message;
    return html`<div class="head">
      <div class="title"><button class="btn icon back" aria-label=${t("key.back")} @click=${this.#back}>‹</button>
        <h1 dir="auto">${summary.subject ? marked(summary.subject) : t("row.no-subject")}</h1>
        ${code ? html`<button class="chip info" @click=${() => copy(code)}
          title=${t("copy.what", { what: code })}>${t("message.code", { code })}</button>` : nothing}
        ${summary.tags.map((tag) => this.#tag(tag))}
        ${this.#actions()}</div>
      <dl class="who">
        <dt>${t("head.from")}</dt><dd>${people(summary.from)}</dd>
        <dt>${t("head.to")}</dt><dd>${people(summary.to)}</dd>
        ${summary.cc.length ? html`<dt>Cc</dt><dd>${people(summary.cc)}</dd>` : nothing}
        <dt>${t("tab.envelope")}</dt><dd><code>${marked(mailCommand(envelope))}</code>
          ${envelope.recipients.slice(0, MOST_NAMED).map((each) => html`<code>${marked(rcptCommand(each))}</code>
            ${bccMark(each)}`)}
          ${envelope.recipients.length > MOST_NAMED ? html`<a href=${this.#place("envelope")}
            >${t("more", { n: envelope.recipients.length - MOST_NAMED })}</a>` : nothing}
          ${senderHint(this.message)}</dd>
        <dt>${t("head.arrived")}</dt><dd>${this.#arrived()}</dd>
        ${warningList(this.message)}
      </dl></div>`;
  }

  #actions() {
    const { messageId, message } = this;
    return html`<span class="acts">
      ${message.text === undefined ? nothing : html`<test-recipe .message=${message}></test-recipe>`}
      <a class="btn" href=${href(["send"], { reply: messageId })}>${t("do.reply")}</a>
      <mail-release .messageId=${messageId} .recipients=${message.summary.rcpt_tos}></mail-release>
      <a class="btn" href=${apiURL(messagePath(messageId, "raw"))} download="${messageId}.eml">${t("do.raw")}</a>
      <button class="btn" @click=${this.#copyLink}>${t("do.link")}</button>
      <button class="btn" @click=${() => print()}>${t("do.print")}</button>
      <button class="btn" @click=${this.#delete}>${t("do.delete")}</button></span>`;
  }

  #tag(tag) {
    const remove = () => attempt(() =>
      changeMessages({ ids: [this.messageId] }, { remove_tags: [tag] }));
    return html`<button class="chip" @click=${remove} aria-label=${t("head.untag", { tag })}>
      ${tagSquare(tag)}${marked(tag)} ×</button>`;
  }

  #arrived() {
    const { summary, envelope } = this.message;
    const date = summary.received_at;
    const facts = [
      envelope.tls ? t("head.tls") : t("head.plain"),
      envelope.user ? t("head.user", { user: envelope.user }) : "",
      size(summary.size, currentLocale()),
    ];
    return html`<span title=${formatTime(date)}>${formatClock(date)}</span>
      ${envelope.session_id ? html`<a href=${this.#place("conversation")}>${t("head.session")}</a>` : nothing}
      ${facts.filter(Boolean).map((each) => html`<span>${marked(each)}</span>`)}
      ${envelope.reply ? html`<code>${marked(envelope.reply)}</code>` : nothing}`;
  }

  /** Copy the address of the message, without the search that found it. */
  #copyLink() {
    copy(new URL(href(["messages", this.messageId]), ROOT).href);
  }

  async #delete() {
    await attempt(() => removeMessages({ ids: [this.messageId] }));
  }

  // The tabs

  #tabList() {
    const counts = this.#counts;
    return html`<div class="tabs" role="tablist" aria-label=${t("tab.label")}
      @keydown=${this.#tabKey}>${TABS.map(({ name, label }) => html`<a role="tab"
        id="tab-${name}" href=${this.#place(name)} aria-controls="pane"
        aria-selected=${name === this.#current} tabindex=${name === this.#current ? 0 : -1}
        >${t(label)}${counts[name] ? html`<em>${counts[name]}</em>` : nothing}</a>`)}</div>`;
  }

  get #counts() {
    const { headers, parts, links } = this.message;
    return { headers: headers.length, parts: parts.length, links: links?.length };
  }

  #tabKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const names = TABS.map((each) => each.name);
    const index = names.indexOf(this.#current) + step;
    const name = names[(index + names.length) % names.length];
    this.#show(name);
    this.querySelector(`#tab-${name}`).focus();
  }

  /** The source: of the whole message, or of its HTML. */
  #source() {
    const isHTML = this.sourceKind === "html" && this.message.hasHTML;
    const kind = isHTML ? "html" : "raw";
    const kinds = { raw: t("source.raw"), html: t("tab.html") };
    return html`${this.message.hasHTML ? html`<div class="strip">${choice(t("tab.source"), kinds, kind,
        (name) => (this.sourceKind = name))}</div>` : nothing}
      <mail-source .path=${messagePath(this.messageId, kind)} .kind=${kind}></mail-source>`;
  }

  /** Begin to load the links of a large message. */
  #loadLinks() {
    const { messageId } = this;
    if (this.#linksOf !== messageId) {
      this.#linksOf = messageId;
      attempt(() => get(messagePath(messageId, "links"))).then((found) => {
        if (found && messageId === this.messageId) this.message = { ...this.message, links: found };
      });
    }
    return loadingLine();
  }

  #pane() {
    const { message, messageId } = this;
    switch (this.#current) {
      case "html":
        return html`<mail-html .messageId=${messageId} .message=${message}></mail-html>`;
      case "text":
        return html`<mail-source .path=${messagePath(messageId, "text")} kind="text"
          .absent=${t("message.no-text")}></mail-source>`;
      case "source":
        return this.#source();
      case "headers":
        return html`<mail-headers .messageId=${messageId} .headers=${message.headers}></mail-headers>`;
      case "parts":
        return html`<mail-parts .messageId=${messageId} .parts=${message.parts}></mail-parts>`;
      case "links":
        return message.links === null ? this.#loadLinks() : links(message.links);
      case "envelope":
        return envelopeTable(message.envelope, this.shown, () => (this.shown += STEP));
      case "checks":
        return html`<mail-checks .messageId=${messageId} .message=${message}></mail-checks>`;
      default:
        return html`<smtp-conversation .sessionId=${message.envelope.session_id}
          .reply=${message.envelope.reply} .transaction=${message.envelope.transaction}></smtp-conversation>`;
    }
  }
}

/**
 * Load what the view shows of a message; its text and HTML are loaded by their tabs. That
 * of the HTML begins here if it is wanted: `blocked` is what a frame of it needs.
 */
async function load(id, wantsHTML, signal) {
  const read = (what) => get(messagePath(id, what), {}, { signal });
  const loadingParts = read("parts");
  // Why it fails is told by what is waited for first.
  loadingParts.catch(() => {});
  // The list has loaded that of a message which is opened there.
  const summary = document.querySelector("mail-list")?.messageOf(id) ?? await summaryOf(id, signal)
    ?? (await read("")).summary;
  if (summary.size <= LARGE) {
    // Whether there is HTML is not known yet: without it, nothing is blocked.
    const blocked = wantsHTML ? read("view/blocked") : null;
    // Its tab tells why it cannot be read.
    blocked?.catch(() => {});
    const [whole, parts] = await Promise.all([explained(read("")), loadingParts]);
    return { ...whole, parts, hasHTML: whole.html !== null, blocked };
  }
  const [parts, envelope, headers] = await Promise.all([loadingParts, read("envelope"), read("headers")]);
  // To find its links takes long: their tab asks for them.
  return {
    summary, envelope, headers, links: null, code: null, warnings: [], parts, hasHTML: parts.some(isHTML), blocked: null };
}

/** Return the summary of a message by its id, its number, or as the latest one; undefined: there is none. */
async function summaryOf(id, signal) {
  // No number has more digits; names of the API are read as there.
  const number = /^\d{1,18}$/.test(id) ? Number(id) : null;
  const place = number === null ? id === "latest" ? {} : { query: `id:${quoted(id)}`, timeout: 5 } : { after: number + 1 };
  const [found] = (await get("messages", { ...place, limit: 1 }, { signal })).messages;
  return number === null || found?.number === number ? found : undefined;
}

/** The search that found the message, for the address of another place in the list. */
function search() {
  return { q: currentRoute().query.get("q") };
}

function isHTML(part) {
  return part.is_text && part.content_type === "text/html";
}

function people(mailboxes) {
  const others = mailboxes.length - MOST_NAMED;
  if (!mailboxes.length) return t("head.nobody");
  return html`${mailboxes.slice(0, MOST_NAMED).map(({ name, address }) =>
    html`<bdi>${marked(name ? `${name} <${address}>` : address)}</bdi>`)}${others > 0 ? t("more", { n: others }) : nothing}`;
}

/** Return a chip if the sender of the envelope is none of those in From. */
function senderHint({ summary: { mail_from: sender, from }, headers }) {
  const isFrom = ({ address }) => address.toLowerCase() === sender.toLowerCase();
  if (sender === "" || from.some(isFrom)) return nothing;
  const hasFrom = headers.some(({ name }) => name.toLowerCase() === "from");
  return html`<span class="chip warn">${t(hasFrom ? "head.differs" : "head.no-from")}</span>`;
}

function links(found) {
  if (!found.length) return html`<p class="empty">${t("links.none")}</p>`;
  return html`<ul class="links">${found.map((each) => html`<li>
    <a href=${isWeb(each) ? each : nothing} target="_blank" rel="noopener noreferrer">${marked(each)}</a>
    <copy-button .text=${each}></copy-button></li>`)}</ul>`;
}

function isWeb(link) {
  return /^https?:\/\//i.test(link);
}

customElements.define("mail-view", MailView);
