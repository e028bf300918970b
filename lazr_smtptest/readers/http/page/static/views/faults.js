// The fault rules: a form for a new one, those that are armed, and what has fired.

import { html, nothing } from "../vendor/lit.js";
import { get, request } from "../api.js";
import { feed } from "../feed.js";
import { formatClock, t } from "../lang.js";
import { actionsAt, hasCode, hasRecipient, PHASES, ruleOf, textAt, tomlOf } from "../logic/faults.js";
import { Part, STATE } from "../part.js";
import { emptyView, problemLine } from "../parts/empty.js";
import { marked } from "../parts/marked.js";
import { attempt, toast } from "../parts/toast.js";
import "../parts/copy.js";
import { href } from "../route.js";
import { state } from "../state.js";
import { throttled } from "../throttle.js";

const PAUSE = 300;
const LATEST = 50;

class FaultsView extends Part {
  static properties = {
    phase: STATE,
    action: STATE,
    fields: STATE,
    problem: STATE,
    journal: STATE,
    personalities: STATE,
  };

  #readJournal = throttled(() => this.#journal(), PAUSE);

  constructor() {
    super();
    this.phase = "RCPT";
    this.action = "reply";
    this.fields = { recipient: "", times: "1", code: "451", seconds: "3", words: "STARTTLS", number: "1" };
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

  willUpdate() {
    if (!actionsAt(this.phase).includes(this.action)) this.action = "reply";
  }

  render() {
    if (state.rules === null) return emptyView(t("side.faults"), t("faults.elsewhere"));
    return html`<div class="head"><div class="title"><h1>${t("side.faults")}</h1>
        <span class="acts"><button class="btn" @click=${this.#failNext}>${t("faults.fail-next")}</button>
        <button class="btn" ?disabled=${!state.rules.length && !this.journal.length}
          @click=${this.#clear}>${t("faults.clear")}</button></span></div>
        <p>${t("faults.what")}</p></div>
      <div class="pane" tabindex="0">${this.#form()}${this.#rules()}${this.#personalities()}${this.#journalCard()}</div>`;
  }

  #form() {
    const { phase, action, fields } = this;
    const rule = ruleOf(phase, action, fields);
    const text = tomlOf(rule);
    return html`<form class="card" @submit=${(event) => this.#arm(event, rule)}>
      <h2>${t("faults.new")}</h2>
      <div class="strip fields">
        <label>${t("faults.when")}<select @change=${(event) => (this.phase = event.target.value)}>${Object.entries(PHASES).map(
          ([protocol, all]) => html`<optgroup label=${protocol}>${all.map((each) => option(each, each, phase))}</optgroup>`)}
        </select></label>
        ${hasRecipient(phase) ? this.#field("recipient", t("faults.recipient"), { placeholder: "*@example.com" }) : nothing}
        ${this.#field("times", t("faults.times"), { type: "number", min: 0, max: 1_000_000 })}
      </div>
      <div class="strip fields">
        <label>${t("faults.then")}<select @change=${(event) => (this.action = event.target.value)}>${actionsAt(phase).map(
          (each) => option(each, t(`action.${each}`), action))}</select></label>
        ${this.#values()}
        <button class="btn primary">${t("faults.arm")}</button>
      </div>
      ${problemLine(this.problem)}
      <pre class="code" tabindex="0" aria-label="TOML">${text}</pre>
      <copy-button .text=${text} label="TOML"></copy-button>
    </form>`;
  }

  /** The fields of the action. */
  #values() {
    const seconds = { type: "number", min: 0, max: 3600 };
    switch (this.action) {
      case "reply":
        return html`${hasCode(this.phase) ? this.#field("code", t("faults.code"), { type: "number", min: 200, max: 599 }) : nothing}
          ${this.#field("text", t("tab.text"), { value: this.fields.text ?? textAt(this.phase) })}`;
      case "delay":
        return this.#field("seconds", t("faults.seconds"), seconds);
      case "hide":
        return this.#field("words", t("faults.words"), { required: true });
      case "uidvalidity":
      case "expunge":
        return this.#field("number", t("faults.number"), { type: "number", min: 1, max: 4_294_967_295 });
      default:
        return nothing;
    }
  }

  #field(name, label, options = {}) {
    return html`<label>${label}<input name=${name} type=${options.type ?? "text"} min=${options.min ?? nothing}
      max=${options.max ?? nothing} placeholder=${options.placeholder ?? nothing}
      ?required=${options.required} .value=${options.value ?? this.fields[name]}
      @input=${(event) => (this.fields = { ...this.fields, [name]: event.target.value })}></label>`;
  }

  #rules() {
    return html`<section class="card"><h2>${t("faults.armed")}</h2>${state.rules.length ? html`<ul class="plain">
      ${state.rules.map((each) => html`<li class="strip"><code>${marked(each.rule)}</code><span class="spring"></span>
        <span class="chip ${each.fired ? "good" : ""}">${
          t(each.times ? "faults.fired-of" : "faults.fired", each)}${each.shared === false ? t("faults.own") : nothing}</span>
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
      ${this.journal.map((each) => html`<li class="strip"><time>${formatClock(each.at)}</time>
        <span class="chip warn">${each.phase}</span><code>${marked(each.line || each.rule)}</code><span class="spring"></span>
        <a href=${href(["sessions", each.session_id], { show: "all" })}>${t("session.title", { n: each.session })}</a></li>`)}
    </ul>` : html`<p>${t("faults.quiet")}</p>`}</section>`;
  }

  #arm(event, rule) {
    event.preventDefault();
    return this.#add({ fault: [rule] });
  }

  #failNext() {
    return this.#add({ fault: [{ on: "EOD", times: 1, reply: [451, "4.3.0 Failed on purpose, try again"] }] });
  }

  async #add(body) {
    await this.submit(async () => {
      await request("POST", "faults", { body });
      toast(t("faults.is-armed"));
    });
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

function option(value, label, chosen) {
  return html`<option value=${value} ?selected=${value === chosen}>${label}</option>`;
}

customElements.define("faults-view", FaultsView);
