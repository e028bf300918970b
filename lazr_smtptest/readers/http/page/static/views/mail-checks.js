// The checks of a message: one card for each, with what it found, the worst first.

import { html, nothing } from "../vendor/lit.js";
import { get } from "../api.js";
import { CHECKS } from "../checks.js";
import { t } from "../lang.js";
import { SEVERITIES } from "../logic/findings.js";
import { Part, STATE } from "../part.js";
import { problemLine } from "../parts/empty.js";
import { marked } from "../parts/marked.js";
import { attempt } from "../parts/toast.js";

// Findings of a severity that are shown; hostile mail has thousands.
const MOST = 200;

class MailChecks extends Part {
  static properties = { messageId: {}, message: {}, obstacles: STATE, states: STATE };

  constructor() {
    super();
    // By the name of a check: why the server cannot make it; null: not known yet.
    this.obstacles = null;
    // By the name of a check: {isBusy} while it runs, then {result} or {problem}.
    this.states = {};
  }

  willUpdate(changed) {
    if (!changed.has("messageId")) return;
    this.states = {};
    this.#start();
  }

  async #start() {
    const id = this.messageId;
    const status = this.obstacles ?? (await attempt(() => get("status")))?.checks;
    if (id !== this.messageId) return;
    this.obstacles = status ?? {};
    for (const check of CHECKS) {
      if (!check.isAsked && !this.#obstacleOf(check)) this.#run(check);
    }
  }

  /** Why a check cannot be made of this message; empty if it can. */
  #obstacleOf(check) {
    const key = check.obstacle?.(this.message);
    return key ? t(key) : (this.obstacles[check.name] ?? "");
  }

  async #run(check) {
    const id = this.messageId;
    const show = (state) => {
      if (id === this.messageId) this.states = { ...this.states, [check.name]: state };
    };
    show({ isBusy: true });
    try {
      show({ result: await check.run(id) });
    } catch (problem) {
      show({ problem: problem.message });
    }
  }

  render() {
    if (this.obstacles === null) return nothing;
    return CHECKS.map((check) => this.#card(check));
  }

  #card(check) {
    const { isBusy = false, result, problem = "" } = this.states[check.name] ?? {};
    const obstacle = this.#obstacleOf(check);
    return html`<section class="card check" aria-labelledby="check-${check.name}" aria-busy=${isBusy}>
      <h2><span id="check-${check.name}">${t(check.title)}</span>
        ${result ? html`<span class="chip ${result.severity}" role="status">${result.verdict}</span>` : nothing}
        <span class="spring"></span>
        ${check.isAsked && !obstacle ? html`<button class="btn small" ?disabled=${isBusy} aria-describedby="check-${check.name}"
          @click=${() => this.#run(check)}>${t("checks.run")}</button>` : nothing}</h2>
      <p>${t(check.about)}</p>
      ${obstacle ? html`<p class="off">${obstacle}</p>` : nothing}
      ${isBusy ? html`<p role="status">${t("checks.busy")}</p>` : nothing}
      ${problemLine(problem)}
      ${result ? SEVERITIES.map((each) => group(each, result.findings)) : nothing}
    </section>`;
  }
}

/** Return the findings of one severity. */
function group(severity, findings) {
  const own = findings.filter((each) => each.severity === severity);
  if (!own.length) return nothing;
  return html`<details class="findings" ?open=${severity !== "good"}>
    <summary><span class="chip ${severity}">${own.length}</span> ${t(`severity.${severity}`)}</summary>
    <ul>${own.slice(0, MOST).map(finding)}</ul>
    ${own.length > MOST ? html`<p>${t("more", { n: own.length - MOST })}</p>` : nothing}</details>`;
}

function finding({ title, text, url, more }) {
  return html`<li><b>${marked(title)}</b> ${marked(text)}
    ${url ? html`<a href=${url} target="_blank" rel="noopener noreferrer">${t("checks.about")}</a>` : nothing}
    ${more.map(({ label, items }) => html`<details><summary>${label} (${items.length})</summary>
      ${items.join(", ")}</details>`)}</li>`;
}

customElements.define("mail-checks", MailChecks);
