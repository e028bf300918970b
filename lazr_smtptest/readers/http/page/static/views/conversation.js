// What client and server said in a session, with the reply that decided it.

import { html, nothing } from "../vendor/lit.js";
import { get } from "../api.js";
import { t } from "../lang.js";
import { Part } from "../part.js";

const SIGNS = { client: "→", server: "←" };

class Conversation extends Part {
  static properties = { sessionId: {}, lines: {}, problem: { state: true } };

  constructor() {
    super();
    this.lines = null;
    this.problem = null;
  }

  willUpdate(changed) {
    if (changed.has("sessionId") && this.sessionId) this.#load();
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
    return html`<ol class="talk" aria-label=${t("tab.conversation")}>${this.lines.map(line)}</ol>`;
  }
}

/** Whether a line of the server refuses something. */
export function isRefusal({ who, text }) {
  return who === "server" && /^[45]\d\d/.test(text);
}

function line(each) {
  const kind = isRefusal(each) ? "hit" : each.who;
  return html`<li data-kind=${kind}><time>${each.seconds.toFixed(3)}</time>
    <span class="sign" aria-label=${nameOf(each.who)}>${SIGNS[each.who] ?? "·"}</span>
    <code>${each.text}</code></li>`;
}

function nameOf(who) {
  return { client: t("talk.client"), server: t("talk.server") }[who] ?? t("talk.note");
}

customElements.define("smtp-conversation", Conversation);
