// Two messages side by side: their text, their HTML source, or their headers.

import { html, nothing } from "../vendor/lit.js";
import { get, messagePath } from "../api.js";
import { t } from "../lang.js";
import { spelled } from "../logic/bidi.js";
import { compareLines, compareWords } from "../logic/diff.js";
import { Part } from "../part.js";

// Characters of each side that are compared.
const MOST = 200_000;

class CompareView extends Part {
  static properties = {
    left: {}, right: {},
    what: { state: true }, rows: { state: true }, problem: { state: true },
  };

  constructor() {
    super();
    this.what = "text";
    this.rows = null;
    this.problem = "";
  }

  willUpdate(changed) {
    if (["left", "right", "what"].some((each) => changed.has(each))) this.#load();
  }

  async #load() {
    const { left, right, what } = this;
    this.rows = null;
    this.problem = "";
    try {
      const [before, after] = await Promise.all([left, right].map((id) => read(id, what)));
      if (left !== this.left || right !== this.right || what !== this.what) return;
      this.rows = compareLines(before, after);
    } catch (problem) {
      if (left === this.left && right === this.right && what === this.what) this.problem = problem.message;
    }
  }

  render() {
    const kinds = { text: t("tab.text"), html: t("compare.html"), headers: t("tab.headers") };
    return html`<div class="head"><h1>${t("compare.title")}</h1></div><div class="pane" tabindex="0">
      <div class="strip"><span class="seg" role="group" aria-label=${t("compare.what")}>${Object.entries(kinds).map(
        ([name, label]) => html`<button aria-pressed=${name === this.what}
          @click=${() => (this.what = name)}>${label}</button>`)}</span>${this.#verdict()}</div>
      ${this.problem ? html`<p class="empty" role="alert">${this.problem}</p>` : nothing}
      ${this.rows ? html`<table class="table diff" aria-label=${t("compare.title")}><tbody>${this.rows.map(row)}</tbody></table>` : nothing}
    </div>`;
  }

  #verdict() {
    if (!this.rows) return nothing;
    const n = this.rows.filter((each) => each.kind !== "same").length;
    return html`<span role="status">${n ? t("compare.differences", { n }) : t("compare.same")}</span>`;
  }
}

async function read(id, what) {
  let text;
  if (what === "headers") {
    const fields = await get(messagePath(id, "headers"));
    text = fields.map(({ name, value }) => `${name}: ${value}`).join("\n");
  } else {
    try {
      text = await get(messagePath(id, what), {}, { as: "text" });
    } catch (problem) {
      // It has no such part: then everything in the other one is different.
      if (!/has no .* part/.test(problem.message)) throw problem;
      text = "";
    }
  }
  return spelled(text.slice(0, MOST));
}

function row({ kind, left, right, leftNumber, rightNumber }) {
  const words = kind === "changed" ? compareWords(left, right) : null;
  return html`<tr data-kind=${kind}><td class="number">${leftNumber || ""}</td>
    <td>${words ? side(words, "removed") : left}</td><td class="number">${rightNumber || ""}</td>
    <td>${words ? side(words, "added") : right}</td></tr>`;
}

function side(words, kind) {
  return words.filter((each) => each.kind === "same" || each.kind === kind).map((each) =>
    each.kind === "same" ? each.text : kind === "added" ? html`<ins>${each.text}</ins>` : html`<del>${each.text}</del>`);
}

customElements.define("compare-view", CompareView);
