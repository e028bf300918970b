// What client and server said in a session, with the reply that decided it.

import { html, nothing } from "../vendor/lit.js";
import { get } from "../api.js";
import { t } from "../lang.js";
import { explainReply } from "../logic/replies.js";
import { decidingLine, folded, isRefusal } from "../logic/talk.js";
import { explained } from "../meanings.js";
import { Part, STATE } from "../part.js";
import { marked } from "../parts/marked.js";

const SIGNS = { client: "→", server: "←" };

class Conversation extends Part {
  // `reply` is the one that decided; `transaction` the number of its message, 0 for none.
  // Where mail is read, `isReading`, replies have no codes.
  static properties = {
    sessionId: {}, lines: {}, reply: {}, transaction: {}, isReading: {}, problem: STATE,
  };

  constructor() {
    super();
    this.lines = null;
    this.reply = "";
    this.transaction = 0;
    this.isReading = false;
    this.problem = null;
  }

  willUpdate(changed) {
    if (!changed.has("sessionId") || !this.sessionId) return;
    this.lines = null;
    const path = `sessions/${encodeURIComponent(this.sessionId)}`;
    this.useLatest(() => explained(get(path)),
      ({ transcript }) => (this.lines = transcript));
  }

  render() {
    if (this.problem) {
      return html`<p class="empty">${this.problem.status === 404 ? t("session.gone") : this.problem.message}</p>`;
    }
    if (!this.lines) return nothing;
    const lines = folded(this.lines);
    const decided = decidingLine(lines, this.reply, this.transaction);
    return html`<ol class="talk" aria-label=${t("tab.conversation")}>${lines.map((each, index) =>
      line(each, index === decided, !this.isReading))}</ol>`;
  }

  updated(changed) {
    if (changed.has("lines")) this.querySelector("[data-decided]")?.scrollIntoView({ block: "nearest" });
  }
}

function line(each, isDecided, hasCode) {
  const isFault = each.who === "note" && each.text.startsWith("fault:");
  const kind = isFault ? "fault" : hasCode && isRefusal(each) ? "hit" : each.who;
  const meaning = hasCode && each.who === "server" ? explainReply(each.text, t) : "";
  const said = html`<code>${marked(each.text)}</code>${isDecided ? html` <span class="chip ${
    kind === "hit" ? "bad" : "good"}">${t("talk.decided")}</span>` : nothing}`;
  return html`<li data-kind=${kind} data-decided=${isDecided || nothing}><time>${each.seconds.toFixed(3)}</time>
    <span class="sign" role="img" aria-label=${t(`talk.${each.who}`)}>${isFault ? "⚑" : (SIGNS[each.who] ?? "·")}</span>
    ${each.more.length ? html`<details><summary>${said}
        <span class="chip">${t("talk.more", { n: each.more.length })}</span></summary>
        <code>${marked(each.more.join("\n"))}</code></details>` : html`<span class="said">${said}</span>`}
    ${meaning ? html`<q>${meaning}</q>` : nothing}</li>`;
}

customElements.define("smtp-conversation", Conversation);
