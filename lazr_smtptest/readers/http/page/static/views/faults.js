// The fault rules: a form for a new one, those that are armed, and what has fired.

import { html, nothing } from "../vendor/lit.js";
import { get, request } from "../api.js";
import { feed } from "../feed.js";
import { formatClock, t } from "../lang.js";
import { Part } from "../part.js";
import { marked } from "../parts/marked.js";
import { attempt, toast } from "../parts/toast.js";
import "../parts/copy.js";
import { href } from "../route.js";
import { state } from "../state.js";
import { throttled } from "../throttle.js";

const PHASES = ["CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "EOD", "KEPT"];
const ACTIONS = ["reply", "delay", "drop", "reset"];
// Phases of a message or a recipient, where an address can be matched.
const WITH_RECIPIENT = ["RCPT", "DATA", "EOD", "KEPT"];
const PAUSE = 300;
const LATEST = 50;

/** Return the table of a rule as TOML. */
export function tomlOf(rule) {
  const lines = Object.entries(rule).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  return ["[[fault]]", ...lines].join("\n");
}

class FaultsView extends Part {
  static properties = {
    phase: { state: true },
    action: { state: true },
    fields: { state: true },
    problem: { state: true },
    journal: { state: true },
    personalities: { state: true },
  };

  #readJournal = throttled(() => this.#journal(), PAUSE);

  constructor() {
    super();
    this.phase = "RCPT";
    this.action = "reply";
    this.fields = { recipient: "", times: "1", code: "451", text: "4.7.1 Try again later", seconds: "3" };
    this.problem = "";
    this.journal = [];
    this.personalities = [];
    this.listen(state, ["change"], () => this.requestUpdate());
    this.listen(feed, ["fault-fired", "back", "reset"], this.#readJournal);
  }

  connectedCallback() {
    super.connectedCallback();
    this.#readJournal();
    this.#readPersonalities();
    state.refreshRules();
  }

  async #journal() {
    try {
      this.journal = (await get("faults/journal", { limit: LATEST })).fired.reverse();
    } catch {
      // There is none in this process, or the bar tells that the server is away.
    }
  }

  async #readPersonalities() {
    this.personalities = (await attempt(() => get("personalities"))) ?? [];
  }

  /** What the server takes at the phase. */
  get #actions() {
    return this.phase === "EOD" ? [...ACTIONS, "discard"] : ACTIONS;
  }

  willUpdate() {
    if (!this.#actions.includes(this.action)) this.action = "reply";
  }

  /** The rule that the form describes, as a file of faults has it. */
  get #rule() {
    const { recipient, times, code, text, seconds } = this.fields;
    const rule = { on: this.phase };
    if (recipient && WITH_RECIPIENT.includes(this.phase)) rule.recipient = recipient;
    if (Number(times) > 0) rule.times = Number(times);
    if (this.action === "reply") rule.reply = [Number(code), text];
    else if (this.action === "delay") rule.delay = Number(seconds);
    else rule[this.action] = true;
    return rule;
  }

  render() {
    if (state.rules === null) return html`<h1 class="unseen">${t("side.faults")}</h1><p class="empty">${t("faults.elsewhere")}</p>`;
    return html`<div class="head"><div class="title"><h1>${t("side.faults")}</h1>
        <span class="acts"><button class="btn" @click=${this.#failNext}>${t("faults.fail-next")}</button>
        <button class="btn" ?disabled=${!state.rules.length && !this.journal.length}
          @click=${this.#clear}>${t("faults.clear")}</button></span></div>
        <p>${t("faults.what")}</p></div>
      <div class="pane" tabindex="0">${this.#form()}${this.#rules()}${this.#personalities()}${this.#journalCard()}</div>`;
  }

  #form() {
    const rule = tomlOf(this.#rule);
    return html`<form class="card" @submit=${this.#arm}>
      <h2>${t("faults.new")}</h2>
      <div class="strip">${t("faults.when")} ${this.#choice("phase", PHASES, t("faults.when"), (name) => name)}</div>
      <div class="strip fields">
        ${WITH_RECIPIENT.includes(this.phase) ? this.#field("recipient", t("faults.recipient"), { placeholder: "*@example.com" }) : nothing}
        ${this.#field("times", t("faults.times"), { type: "number", min: 0, max: 1_000_000 })}
      </div>
      <div class="strip">${t("faults.then")} ${this.#choice("action", this.#actions, t("faults.then"), actionName)}</div>
      <div class="strip fields">
        ${this.action === "reply" ? html`${this.#field("code", t("faults.code"), { type: "number", min: 200, max: 599 })}
          ${this.#field("text", t("tab.text"))}` : nothing}
        ${this.action === "delay" ? this.#field("seconds", t("faults.seconds"), { type: "number", min: 0, max: 3600 }) : nothing}
      </div>
      <pre class="code" tabindex="0" aria-label="TOML">${rule}</pre>
      ${this.problem ? html`<p class="bad" role="alert">${this.problem}</p>` : nothing}
      <div class="strip"><button class="btn primary">${t("faults.arm")}</button>
        <copy-button .text=${rule} label="TOML"></copy-button></div>
    </form>`;
  }

  #choice(name, all, label, titleOf) {
    return html`<span class="seg wrap" role="group" aria-label=${label}>${all.map((each) => html`<button
      type="button" aria-pressed=${this[name] === each} @click=${() => (this[name] = each)}
      >${titleOf(each)}</button>`)}</span>`;
  }

  #field(name, label, options = {}) {
    return html`<label>${label}<input name=${name} type=${options.type ?? "text"} min=${options.min ?? nothing}
      max=${options.max ?? nothing} placeholder=${options.placeholder ?? nothing} .value=${this.fields[name]}
      @input=${(event) => (this.fields = { ...this.fields, [name]: event.target.value })}></label>`;
  }

  #rules() {
    return html`<section class="card"><h2>${t("faults.armed")}</h2>${state.rules.length ? html`<ul class="plain">
      ${state.rules.map((each) => html`<li class="strip"><code>${marked(each.rule)}</code><span class="spring"></span>
        <span class="chip ${each.fired ? "good" : ""}">${each.times
          ? t("faults.fired-of", { n: each.fired, times: each.times }) : t("faults.fired", { n: each.fired })}</span>
        <button class="btn small" aria-label=${t("faults.disarm-rule", { rule: each.rule })}
          @click=${() => this.#remove(each.id)}>${t("faults.disarm")}</button></li>`)}
    </ul>` : html`<p>${t("faults.none")}</p>`}</section>`;
  }

  #personalities() {
    return html`<section class="card"><h2>${t("faults.personalities")}</h2><ul class="plain">
      ${this.personalities.map((each) => html`<li class="strip"><b>${each.name}</b> <span>${each.summary}</span>
        <span class="spring"></span><button class="btn small" aria-label=${t("faults.arm-what", { what: each.name })}
          @click=${() => this.#add({ personality: [{ name: each.name }] })}>${t("faults.arm")}</button></li>`)}
    </ul></section>`;
  }

  #journalCard() {
    return html`<section class="card"><h2>${t("faults.journal")}</h2>${this.journal.length ? html`<ul class="plain">
      ${this.journal.map((each) => html`<li class="strip"><time>${formatClock(new Date(each.at))}</time>
        <span class="chip warn">${each.phase}</span><code>${marked(each.line || each.rule)}</code><span class="spring"></span>
        <a href=${href(["sessions", each.session_id], { show: "all" })}>${t("row.session", { n: each.session })}</a></li>`)}
    </ul>` : html`<p>${t("faults.quiet")}</p>`}</section>`;
  }

  #arm(event) {
    event.preventDefault();
    return this.#add({ fault: [this.#rule] });
  }

  #failNext() {
    return this.#add({ fault: [{ on: "EOD", times: 1, reply: [451, "4.3.0 Failed on purpose, try again"] }] });
  }

  async #add(body) {
    this.problem = "";
    try {
      await request("POST", "faults", { body });
      toast(t("faults.is-armed"));
    } catch (problem) {
      this.problem = problem.message;
    }
    state.refreshRules();
  }

  async #remove(id) {
    await attempt(() => request("DELETE", `faults/${id}`));
    state.refreshRules();
  }

  async #clear() {
    await attempt(() => request("DELETE", "faults"));
    state.refreshRules();
    this.#readJournal();
  }
}

function actionName(name) {
  return {
    reply: t("do.reply"), delay: t("action.delay"), drop: t("action.drop"),
    reset: t("action.reset"), discard: t("action.discard"),
  }[name];
}

customElements.define("faults-view", FaultsView);
