// Two messages side by side: their text, their HTML source, or their headers.

import { html, nothing } from "../vendor/lit.js";
import { get, messagePath } from "../api.js";
import { formatClock, t } from "../lang.js";
import { spelled } from "../logic/bidi.js";
import { compareLines, compareWords } from "../logic/diff.js";
import { Part, STATE } from "../part.js";
import { choice } from "../parts/choice.js";
import { problemLine } from "../parts/empty.js";
import { marked } from "../parts/marked.js";
import { attempt } from "../parts/toast.js";
import { href } from "../route.js";

// Characters of each side that are compared.
const MOST = 200_000;

class CompareView extends Part {
  static properties = {
    left: {}, right: {},
    what: STATE, rows: STATE, isCut: STATE,
    summaries: STATE, problem: STATE,
  };

  constructor() {
    super();
    this.what = "text";
    this.rows = null;
    this.isCut = false;
    // The two messages as a list has them; undefined for one that is gone.
    this.summaries = [];
    this.problem = null;
  }

  willUpdate(changed) {
    if (changed.has("left") || changed.has("right")) this.#loadSummaries();
    if (["left", "right", "what"].some((each) => changed.has(each))) this.#load();
  }

  async #loadSummaries() {
    const { left, right } = this;
    this.summaries = [];
    const found = await attempt(() => Promise.all([left, right].map(summaryOf)));
    if (found && left === this.left && right === this.right) this.summaries = found;
  }

  #load() {
    this.rows = null;
    this.isCut = false;
    const both = [this.left, this.right];
    this.useLatest(() => Promise.all(both.map((id) => read(id, this.what))), (texts) => {
      this.isCut = texts.some((text) => text.length > MOST);
      this.rows = compareLines(...texts.map((text) => spelled(text.slice(0, MOST))));
    });
  }

  render() {
    const kinds = { text: t("tab.text"), html: t("compare.html"), headers: t("tab.headers") };
    return html`<div class="head"><h1>${t("compare.title")}</h1></div><div class="pane" tabindex="0">
      <div class="strip">${choice(t("compare.what"), kinds, this.what, (name) => (this.what = name))}
        <span role="status">${this.#verdict()}</span></div>
      ${this.problem ? problemLine(this.problem.status === 404 ? t("compare.gone") : this.problem.message) : nothing}
      ${this.isCut ? html`<p class="strip">${t("source.cut")}</p>` : nothing}
      ${this.rows?.length ? this.#table(kinds[this.what]) : nothing}
    </div>`;
  }

  #table(kind) {
    const [before, after] = this.summaries;
    return html`<table class="table diff" aria-label=${kind}>
      <col class="number"><col><col class="number"><col>
      <thead><tr><th colspan="2" scope="colgroup">${nameOf(this.left, before)}</th>
        <th colspan="2" scope="colgroup">${nameOf(this.right, after)}</th></tr></thead>
      <tbody>${this.rows.map(row)}</tbody></table>`;
  }

  #verdict() {
    if (this.problem) return "";
    if (!this.rows) return t("loading");
    if (!this.rows.length) return t("compare.empty");
    const n = this.rows.filter((each) => each.kind !== "same").length;
    return n ? t("compare.differences", { n }) : t("compare.same");
  }
}

async function read(id, what) {
  if (what === "headers") {
    const fields = await get(messagePath(id, "headers"));
    return fields.map(({ name, value }) => `${name}: ${value}`).join("\n");
  }
  try {
    return await get(messagePath(id, what), {}, { as: "text" });
  } catch (problem) {
    // It has no such part: then everything in the other one is different.
    if (!/has no .* part/.test(problem.message)) throw problem;
    return "";
  }
}

async function summaryOf(id) {
  const page = await get("messages", { query: `id:${id}`, limit: 1 });
  return page.messages[0];
}

/** Return what a side is named: the subject, the recipient and the time of its message. */
function nameOf(id, summary) {
  if (!summary) return html`<code>${id}</code>`;
  return html`<a href=${href(["messages", id])}>${summary.subject ? marked(summary.subject) : t("row.no-subject")}</a>
    <small>${marked(summary.rcpt_tos[0] ?? t("row.no-recipient"))}, ${formatClock(summary.received_at)}</small>`;
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
