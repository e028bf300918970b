// The two lines of a row: the recipient leads, for tests look for who was written to.

import { html, nothing } from "../vendor/lit.js";
import { t } from "../lang.js";
import { tagColour } from "../parts/tags.js";
import { marked } from "../parts/marked.js";
import { when } from "../parts/when.js";
import { outcomeOf } from "../outcome.js";

// Chips of a row: more would leave no room for its text.
const MOST_CHIPS = 2;

/** Return the row of a message; `place` is where it stands in the list. */
export function messageRow(row, place) {
  const { message } = row;
  const isUnread = !message.flags.includes("seen");
  return frame(row, place, isUnread ? "unread" : "read", html`
    <div class="l"><span class="to">${marked(recipientsOf(message))}</span>
      ${message.flags.includes("flagged") ? html`<span class="flag" title=${t("row.flagged")}>⚑</span>` : nothing}
      ${when(message.received_at)}</div>
    <div class="l"><span class="sub">${message.subject ? marked(message.subject) : t("row.no-subject")}</span>
      <span class="snip">${marked(message.snippet)}</span>${chipsOf(message).slice(0, MOST_CHIPS)}</div>
    ${isUnread ? html`<span class="unseen">${t("row.unread")}</span>` : nothing}`);
}

function recipientsOf(message) {
  const [first, ...others] = message.rcpt_tos;
  return [
    first ?? t("row.no-recipient"),
    others.length ? ` +${others.length}` : "",
    message.bcc.length ? ` ${t("row.bcc")}` : "",
  ].join("");
}

function chipsOf(message) {
  const chips = [];
  if (message.warnings) {
    chips.push(html`<span class="chip warn">${t("row.warnings", { n: message.warnings })}</span>`);
  }
  if (message.attachments) {
    chips.push(html`<span class="chip">${t("row.files", { n: message.attachments })}</span>`);
  }
  for (const tag of message.tags) {
    chips.push(html`<span class="chip"><span class="tag" data-colour=${tagColour(tag)}></span>${tag}</span>`);
  }
  return chips;
}

/** Return the row of a session that delivered nothing. */
export function refusedRow(row, place) {
  const { session } = row;
  const { kind, title, reply, who, chip } = outcomeOf(session);
  return frame(row, place, "refused", html`
    <div class="l"><span class="to">${who}</span>${when(session.started_at)}</div>
    <div class="l"><span class="sub">${reply ? t("row.refused", { reply }) : title}</span>
      <span class="snip">${t("row.session", { n: session.number || session.id })}</span>
      <span class="chip ${kind}">${chip}</span></div>`);
}

function frame(row, place, kind, inside) {
  return html`<div class="row ${kind}" id="row-${row.key}" role="option"
    aria-selected=${place.isSelected} aria-setsize=${place.size} aria-posinset=${place.index + 1}
    aria-current=${place.isCurrent ? "true" : nothing} data-cursor=${place.isCursor}
    @click=${place.click}>
    ${row.message ? html`<span class="check" aria-hidden="true" data-on=${place.isSelected}
      data-shown=${place.isSelecting}></span>` : nothing}${inside}</div>`;
}
