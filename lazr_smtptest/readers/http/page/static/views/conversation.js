// What client and server said in a session, with the reply that decided it.

import { html, nothing } from "../vendor/lit.js";
import { get } from "../api.js";
import { t } from "../lang.js";
import { explainReply } from "../logic/replies.js";
import { Part } from "../part.js";
import { marked } from "../parts/marked.js";

const SIGNS = { client: "→", server: "←" };

class Conversation extends Part {
  static properties = { sessionId: {}, lines: {}, problem: { state: true } };

  constructor() {
    super();
    this.lines = null;
    this.problem = null;
  }

  willUpdate(changed) {
    if (!changed.has("sessionId") || !this.sessionId) return;
    this.lines = null;
    this.#load();
  }

  async #load() {
    const id = this.sessionId;
    this.problem = null;
    try {
      const { transcript } = await get(`sessions/${encodeURIComponent(id)}`);
      if (id === this.sessionId) this.lines = transcript;
    } catch (problem) {
      if (id === this.sessionId) this.problem = problem;
    }
  }

  render() {
    if (this.problem) return html`<p class="empty">${t("session.gone")}</p>`;
    if (!this.lines) return nothing;
    return html`<ol class="talk" aria-label=${t("tab.conversation")}>${folded(this.lines).map(line)}</ol>`;
  }
}

/** Whether a line of the server refuses something. */
export function isRefusal({ who, text }) {
  return who === "server" && /^[45]\d\d/.test(text);
}

/** Return lines in which a long reply is its first line; the others are its `more`. */
function folded(lines) {
  const shown = [];
  for (const each of lines) {
    const first = shown.at(-1);
    const isMore = each.who === "server" && first?.who === "server" && first.isOpen
      && first.text.slice(0, 3) === each.text.slice(0, 3);
    if (isMore) {
      first.more.push(each.text);
      first.isOpen = /^\d{3}-/.test(each.text);
    } else {
      shown.push({ ...each, more: [], isOpen: /^\d{3}-/.test(each.text) });
    }
  }
  return shown;
}

function line(each) {
  const isFault = each.who !== "client" && each.who !== "server" && each.text.startsWith("fault:");
  const kind = isFault ? "fault" : isRefusal(each) ? "hit" : each.who;
  const meaning = each.who === "server" ? explainReply(each.text, t) : "";
  return html`<li data-kind=${kind}><time>${each.seconds.toFixed(3)}</time>
    <span class="sign" aria-label=${nameOf(each.who)}>${isFault ? "⚑" : (SIGNS[each.who] ?? "·")}</span>
    ${each.more.length ? html`<details><summary><code>${marked(each.text)}</code>
        <span class="chip">${t("talk.more", { n: each.more.length })}</span></summary>
        <code>${marked(each.more.join("\n"))}</code></details>` : html`<code>${marked(each.text)}</code>`}${meaning ? html`<q>${meaning}</q>` : nothing}</li>`;
}

function nameOf(who) {
  return { client: t("talk.client"), server: t("talk.server") }[who] ?? t("talk.note");
}

customElements.define("smtp-conversation", Conversation);
