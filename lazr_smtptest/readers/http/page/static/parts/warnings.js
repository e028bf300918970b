// What was irregular about a message, in plain words, and where the standard says so.

import { html, nothing } from "../vendor/lit.js";
import { t } from "../lang.js";
import { sectionOf } from "../logic/warnings.js";
import { marked } from "./marked.js";

// More of them are folded: they would leave no room for the message.
const OPEN = 3;

/** Return the warnings of the envelope, and what could not be read of the content. */
export function warningList({ warnings, trouble = [] }) {
  const n = warnings.length + trouble.length;
  if (!n) return nothing;
  return html`<dt>${t("head.warnings")}</dt><dd><details class="warnings" ?open=${n <= OPEN}>
    <summary>${t("row.warnings", { n: warnings.length })}${trouble.length
      ? `, ${t("head.trouble", { n: trouble.length })}` : ""}</summary>
    <ul>${warnings.map(warning)}${trouble.map((each) => html`<li>${marked(each)}</li>`)}</ul></details></dd>`;
}

function warning(kind) {
  const place = sectionOf(kind, t);
  return html`<li><code>${kind}</code>${place ? html` ${t(`warning.${kind}`)}
    <a href=${place.url} target="_blank" rel="noopener noreferrer">${t("head.rfc", place)}</a>` : nothing}</li>`;
}
