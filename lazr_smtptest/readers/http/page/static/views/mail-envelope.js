// What MAIL and RCPT said, and what is known of the client.

import { html, nothing } from "../vendor/lit.js";
import { t } from "../lang.js";
import { marked } from "../parts/marked.js";
import { moreButton } from "../parts/more.js";
import { table } from "../parts/table.js";

function withOptions(command, options) {
  const given = Object.entries(options).map(([name, value]) =>
    value === null ? name : `${name}=${value}`);
  return [command, ...given].join(" ");
}

/** Return the command MAIL of an envelope, with its parameters. */
export function mailCommand(envelope) {
  return withOptions(`MAIL FROM:<${envelope.mail_from}>`, envelope.mail_options);
}

/** Return the command RCPT of a recipient, with its parameters. */
export function rcptCommand(recipient) {
  return withOptions(`RCPT TO:<${recipient.address}>`, recipient.options);
}

/** Return the mark of a recipient that no field of the header names. */
export function bccMark(recipient) {
  return recipient.is_bcc ? html`<span class="chip warn" title=${t("envelope.bcc")}>${t("row.bcc")}</span>` : nothing;
}

/** Return the parameters of a command, one in each line. */
function parameters(options) {
  return Object.entries(options).map(([name, value]) =>
    html`<code class="param">${marked(value === null ? name : `${name}=${value}`)}</code>`);
}

/**
 * Return the table of an envelope.
 * @param {Object} envelope - as the API has it.
 * @param {number} shown - how many recipients are shown.
 * @param {function()} showMore - shows more of them.
 */
export function envelopeTable(envelope, shown, showMore) {
  const { recipients } = envelope;
  const hidden = recipients.filter((each) => each.is_bcc).length;
  return html`${hidden ? html`<p class="strip">${t("envelope.hidden", { n: hidden })}</p>` : nothing}
    ${table([
      ["MAIL", html`<code>${marked(`FROM:<${envelope.mail_from}>`)}</code>${parameters(envelope.mail_options)}`],
      ...recipients.slice(0, shown).map((each) => ["RCPT", html`<code>${marked(`TO:<${each.address}>`)}</code>
        ${bccMark(each)}${parameters(each.options)}`]),
      ["EHLO", html`<code>${marked(envelope.helo)}</code>`],
      [t("envelope.client"), html`<code>${envelope.peer.join(" : ")}</code>`],
      [t("login.user"), envelope.user === null ? t("envelope.no-user") : marked(envelope.user)],
      ["TLS", envelope.tls ? t("head.tls") : t("head.plain")],
      [t("envelope.transaction"), envelope.transaction],
      [t("envelope.reply"), html`<code>${envelope.reply ?? ""}</code>`],
    ], t("tab.envelope"))}
    ${moreButton(recipients.length - shown, showMore)}`;
}
