// The checks of a message: what a receiving world would say of it. This is the one list
// that the panel shows; a feature with a check of its own adds it here.

import { get } from "./api.js";
import { t } from "./lang.js";
import { htmlFindings, linkFindings, spamFindings, worstOf } from "./logic/findings.js";

/**
 * @typedef {Object} Check
 * @property {string} name - as the `checks` of the server's status has it.
 * @property {string} title - the key of its name in the language files.
 * @property {string} about - the key of what it tells.
 * @property {boolean} isAsked - whether it waits for a click: it takes long, or talks to
 *   other servers.
 * @property {function(Object): string} [obstacle] - the key of why a message has nothing
 *   to check; empty if it has.
 * @property {function(string): Promise<{severity: string, verdict: string, findings:
 *   Object[]}>} run - checks the message with an id; findings as in logic/findings.js.
 */

/** @type {Check[]} */
export const CHECKS = [
  {
    name: "html", title: "checks.html", about: "checks.html-about", isAsked: false,
    obstacle: (message) => (message.hasHTML ? "" : "html.none"), run: checkHTML,
  },
  { name: "links", title: "tab.links", about: "checks.links-about", isAsked: true, run: checkLinks },
  { name: "spam", title: "checks.spam", about: "checks.spam-about", isAsked: true, run: checkSpam },
];

function ask(id, check) {
  return get(`/api/v1/message/${encodeURIComponent(id)}/${check}`);
}

async function checkHTML(id) {
  const answer = await ask(id, "html-check");
  const findings = htmlFindings(answer, t);
  const n = Math.round(answer.Total.Supported);
  return { severity: worstOf(findings), verdict: t("checks.supported", { n }), findings };
}

async function checkLinks(id) {
  const answer = await ask(id, "link-check");
  const findings = linkFindings(answer, t);
  const n = findings.filter((each) => each.severity === "bad").length;
  const verdict = findings.length ? t("checks.broken", { n }) : t("links.none");
  return { severity: worstOf(findings), verdict, findings };
}

async function checkSpam(id) {
  const answer = await ask(id, "sa-check");
  if (answer.Error) throw new Error(answer.Error);
  const verdict = t(answer.IsSpam ? "checks.is-spam" : "checks.no-spam", { score: answer.Score });
  return { severity: answer.IsSpam ? "bad" : "good", verdict, findings: spamFindings(answer, t) };
}
