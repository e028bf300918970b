// One session: who came, what became of it, and what was said.

import { html, nothing } from "../vendor/lit.js";
import { get } from "../api.js";
import { feed } from "../feed.js";
import { currentLocale, formatTime, t } from "../lang.js";
import { isReading } from "../logic/outcome.js";
import { faultOf } from "../logic/recipe.js";
import { isRefusal } from "../logic/talk.js";
import { outcomeOf } from "../outcome.js";
import { Part, STATE } from "../part.js";
import "../parts/recipe.js";
import { copy } from "../parts/copy.js";
import { emptyView, loadingLine } from "../parts/empty.js";
import { marked } from "../parts/marked.js";
import { attempt } from "../parts/toast.js";
import { throttled } from "../throttle.js";
import "./conversation.js";

// Milliseconds between two looks at an open session.
const PAUSE = 1000;

class SessionView extends Part {
  static properties = { sessionId: {}, whole: STATE, problem: STATE };

  #loaded = null;
  #timer = 0;
  #refresh = throttled(() => this.#loadOpen(), PAUSE);

  constructor() {
    super();
    this.whole = null;
    this.problem = null;
    this.listen(feed, ["session-ended", "back", "reset"], this.#refresh);
  }

  willUpdate(changed) {
    if (!changed.has("sessionId")) return;
    this.whole = null;
    this.#loaded = this.#load();
  }

  get #path() {
    return `sessions/${encodeURIComponent(this.sessionId)}`;
  }

  #load() {
    return this.useLatest(() => this.#find(), (whole) => {
      this.whole = whole;
      clearTimeout(this.#timer);
      if (isOpen(whole)) this.#timer = setTimeout(this.#refresh, PAUSE);
    });
  }

  /** Return the session, which may be open. */
  async #find() {
    const id = this.sessionId;
    try {
      return await get(this.#path);
    } catch (problem) {
      const all = problem.status === 404 ? await get("sessions/open").catch(() => []) : [];
      const found = all.find((each) => each.session.id === id);
      if (!found) throw problem;
      return found;
    }
  }

  /** A session that was open goes on, or has ended. */
  async #loadOpen() {
    await this.#loaded;
    if (this.isConnected && (!this.whole || isOpen(this.whole))) await this.#load();
  }

  render() {
    if (this.problem) {
      return emptyView(t("side.sessions"), this.problem.status === 404 ? t("session.gone") : this.problem.message);
    }
    if (!this.whole) return loadingLine();
    const { session, transcript } = this.whole;
    const outcome = outcomeOf(session, transcript.findLast(isRefusal)?.text);
    return html`<div class="head">
      <div class="title"><button class="btn icon back" aria-label=${t("key.back")} @click=${() => history.back()}>‹</button>
        <h1>${t("session.title", { n: session.number || session.id })}</h1>
        <span class="chip ${outcome.kind}">${isOpen(this.whole) ? t("sessions.is-open")
          : isReading(session) ? outcome.chip : session.delivered ? outcome.title : t("session.nothing")}</span>
        <span class="acts"><button class="btn" @click=${this.#copy}>${t("session.copy")}</button>
          ${!isReading(session) && faultOf(this.whole) ? html`<test-recipe .whole=${this.whole}></test-recipe>` : nothing}</span></div>
      <dl class="who">
        <dt>${t("envelope.client")}</dt><dd><code>${session.peer.join(" : ")}</code>
          ${session.helo ? html`<span>${t("session.helo")} <code>${marked(session.helo)}</code></span>` : nothing}</dd>
        <dt>${t("session.outcome")}</dt><dd><span>${isOpen(this.whole) ? t("sessions.is-open") : outcome.title}</span>
          ${outcome.reply ? html`<code>${marked(outcome.reply)}</code> <bdi>${marked(outcome.who)}</bdi>` : nothing}</dd>
        <dt>${t("session.began")}</dt><dd>${formatTime(session.started_at)}
          ${session.seconds === null ? nothing : html`<span>${seconds(session.seconds)}</span>`}</dd>
        ${session.tls_version ? html`<dt>TLS</dt><dd>${session.tls_version}, ${session.tls_cipher}</dd>` : nothing}
        ${session.user ? html`<dt>${t("login.user")}</dt><dd>${marked(session.user)} (${session.mechanism})</dd>` : nothing}
      </dl></div>
      <div class="pane" tabindex="0"><smtp-conversation .lines=${transcript} .reply=${outcome.reply}
        .isReading=${isReading(session)}></smtp-conversation></div>`;
  }

  async #copy() {
    const text = await attempt(() => get(`${this.#path}/transcript`, {}, { as: "text" }));
    if (text !== undefined) await copy(text);
  }
}

function isOpen({ session }) {
  return session.seconds === null;
}

function seconds(value) {
  const style = { style: "unit", unit: "second", maximumFractionDigits: 3 };
  return new Intl.NumberFormat(currentLocale(), style).format(value);
}

customElements.define("session-view", SessionView);
