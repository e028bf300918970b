// The two lines of a row: the recipient leads, for tests look for who was written to.

import { html, nothing } from "../vendor/lit.js";
import { currentLocale, t } from "../lang.js";
import { size } from "../logic/size.js";
import { tagSquare } from "../parts/tags.js";
import { marked } from "../parts/marked.js";
import { when } from "../parts/when.js";
import { outcomeOf } from "../outcome.js";

// Chips of a row: more would leave no room for its text.
const MOST_CHIPS = 2;
const MOST_SQUARES = 4;

/** Return the row of a message; `place` is where it stands in the list. */
export function messageRow(row, place) {
  const { message } = row;
  const isUnread = !message.flags.includes("seen");
  return frame(row, place, isUnread ? "unread" : "read", html`
    <div class="l"><bdi class="to">${marked(recipientsOf(message))}</bdi>
      <span class="unseen">${t("head.from")}</span><bdi class="from">${marked(senderOf(message))}</bdi>
      ${message.flags.includes("flagged") ? html`<span class="flag" title=${t("row.flagged")}>⚑</span>` : nothing}
      <span class="size">${size(message.size, currentLocale())}</span>
      ${when(message.received_at)}</div>
    <div class="l"><bdi class="sub">${message.subject ? marked(message.subject) : t("row.no-subject")}</bdi>
      <bdi class="snip">${marked(message.snippet)}</bdi>${chipsOf(message)}</div>
    ${isUnread ? html`<span class="unseen">${t("do.unread")}</span>` : nothing}`);
}

function recipientsOf(message) {
  const [first, ...others] = message.rcpt_tos;
  return [
    first ?? t("row.no-recipient"),
    others.length ? ` +${others.length}` : "",
    message.bcc.length ? ` ${t("row.bcc")}` : "",
  ].join("");
}

/** Return who wrote it, by name if the header tells one, or who sent it. */
function senderOf({ from: [author], mail_from: sender }) {
  return author?.name || author?.address || sender || "<>";
}

function chipsOf({ warnings, attachments, tags }) {
  const marks = [];
  if (warnings) marks.push(chip("warn", t("row.warnings", { n: warnings }), t("row.warnings-why")));
  if (attachments) marks.push(chip("", t("row.files", { n: attachments }), t("row.files-why", { n: attachments })));
  const named = tags.slice(0, MOST_CHIPS - marks.length).map((tag) =>
    html`<span class="chip">${tagSquare(tag)}${marked(tag)}</span>`);
  // There is room for the colours of the others.
  const others = tags.slice(named.length).map((tag) =>
    html`<span title=${tag}>${tagSquare(tag)}<span class="unseen">${tag}</span></span>`);
  return [...marks, ...named, ...others.slice(0, MOST_SQUARES)];
}

function chip(kind, text, why) {
  return html`<span class="chip ${kind}" title=${why}>${text}</span>`;
}

/** Return the row of a session that delivered nothing. */
export function refusedRow(row, place) {
  const { session } = row;
  const { kind, title, reply, who, chip } = outcomeOf(session);
  return frame(row, place, "refused", html`
    <div class="l"><bdi class="to">${marked(who)}</bdi>${when(session.started_at)}</div>
    <div class="l"><bdi class="sub">${marked(reply ? t("row.refused", { reply }) : title)}</bdi>
      <bdi class="snip">${t("session.title", { n: session.number || session.id })}</bdi>
      <span class="chip ${kind}">${chip}</span></div>`);
}

/** Return the row of something that is not loaded yet. */
export function missingRow() {
  return html`<div class="row" aria-hidden="true"></div>`;
}

function frame(row, place, kind, inside) {
  return html`<div class="row ${kind}" id="row-${row.key}" role="option"
    aria-selected=${place.isSelected} aria-setsize=${place.size} aria-posinset=${place.index + 1}
    aria-current=${place.isCurrent ? "true" : nothing} data-cursor=${place.isCursor}
    @click=${place.click}>
    ${row.message ? html`<span class="check" aria-hidden="true" data-on=${place.isSelected}
      data-shown=${place.isSelecting}></span>` : nothing}${inside}</div>`;
}
