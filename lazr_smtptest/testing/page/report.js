// The report of failed tests: one document, whose data is in the element "data".

import { visible } from "./logic/bidi.js";
import { outcomeIn } from "./logic/outcome.js";
import { routeOf } from "./logic/received.js";
import { pytestOfSession, pytestOfMessage } from "./logic/recipe.js";
import { explainReply } from "./logic/replies.js";
import { size } from "./logic/size.js";
import { decidingLine, folded as repliesIn, isRefusal } from "./logic/talk.js";
import { delay } from "./logic/time.js";
import { sectionOf } from "./logic/warnings.js";

const DATA = JSON.parse(document.getElementById("data").textContent);
const LANGUAGE = navigator.languages.map((each) => each.slice(0, 2)).find((each) => each in DATA.texts) ?? "en";
const PLURALS = new Intl.PluralRules(LANGUAGE);

/** Return a text of the language file, as the page does. */
function t(key, values = {}) {
  const found = DATA.texts[LANGUAGE][key] ?? key;
  const text = typeof found === "string" ? found : found[PLURALS.select(values.n)] ?? found.other;
  return text.replaceAll(/\{(\w+)\}/g, (whole, name) => `${values[name] ?? whole}`);
}

/** Return an element; texts become text nodes, in which invisible characters are marks. */
function h(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child instanceof Node) element.append(child);
    else if (child !== null && child !== undefined && child !== false) element.append(...marked(`${child}`));
  }
  return element;
}

function marked(text) {
  return visible(text).map(({ text: piece, mark }) => {
    if (!mark) return document.createTextNode(piece);
    const element = document.createElement("span");
    element.className = "mark";
    element.textContent = mark;
    return element;
  });
}

/** Return a part that is made when it is opened first. */
function folded(title, make, isOpen = false) {
  const element = h("details", {}, h("summary", {}, title));
  const fill = () => {
    if (element.open && element.children.length === 1) element.append(...[make()].flat());
  };
  element.addEventListener("toggle", fill);
  if (isOpen) {
    element.open = true;
    fill();
  }
  return element;
}

function facts(...pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== "" && value !== undefined);
  return h("dl", { class: "facts" }, shown.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

/** Return an element that can be scrolled by the keyboard too. */
function scrolled(label, text) {
  return h("pre", { tabindex: "0", role: "group", "aria-label": label }, text);
}

const addresses = (mailboxes) => mailboxes.map(({ name, address }) => (name ? `${name} <${address}>` : address)).join(", ");

function messageOf({ message, view, file }, folder) {
  const { summary, envelope, headers } = message;
  const title = [h("b", {}, summary.rcpt_tos.join(", ")), " ", summary.subject || t("report.no-subject")];
  return folded(title, () => [
    facts(
      [t("report.from"), addresses(summary.from)],
      [t("report.to"), addresses(summary.to)],
      [t("report.envelope"), h("code", {}, `MAIL FROM:<${envelope.mail_from}>`)],
      ["", envelope.recipients.map((each) => h("code", {}, `RCPT TO:<${each.address}>${each.is_bcc ? " (Bcc)" : ""} `))],
      [t("report.reply"), envelope.reply && h("code", {}, envelope.reply)],
      [t("report.code"), message.code],
      [t("report.warnings"), warningsOf(message)],
      [t("report.file"), h("a", { href: `${folder}/${file}` }, `${file}, ${size(summary.size, LANGUAGE)}`)],
    ),
    message.text === null ? null : folded(t("report.text"), () => scrolled(t("report.text"), message.text), true),
    view === null ? null : folded("HTML", () => frameOf(view)),
    folded(t("report.headers"), () => headersOf(headers)),
    message.links.length ? folded(t("report.links"), () => h("ul", {}, message.links.map((link) => h("li", {}, h("code", {}, link))))) : null,
    folded(t("report.test"), () => scrolled(t("report.test"), pytestOfMessage(message))),
  ].filter(Boolean));
}

// Nothing of a mail is run or loaded: neither by the sandbox nor by the policy.
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; form-action 'none'; base-uri 'none'";

function frameOf(view) {
  const head = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${POLICY}">`;
  return h("iframe", { sandbox: "", referrerpolicy: "no-referrer", title: "HTML", srcdoc: head + view });
}

function headersOf(headers) {
  const route = routeOf(headers);
  const rows = headers.map(({ name, value }) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value)));
  return [
    route.length ? h("ol", { class: "route" }, route.map((hop) => h("li", {}, [hop.from, hop.by].filter(Boolean).join(" → "), hop.with && ` (${hop.with})`, hop.delay === null ? null : `, ${delay(hop.delay, LANGUAGE)}`))) : null,
    h("table", {}, h("tbody", {}, rows)),
  ].filter(Boolean);
}

/** Return the lines of a transcript, the replies with their explanation. */
function talkOf(transcript, outcome) {
  const lines = repliesIn(transcript);
  const decided = decidingLine(lines, outcome.reply);
  return h("ol", { class: "talk" }, lines.map((line, index) => talkLine(line, index === decided)));
}

function talkLine(line, isDecided) {
  const { seconds, who, text, more } = line;
  const isFault = who === "note" && text.startsWith("fault:");
  const mark = { client: "→", server: "←", note: isFault ? "⚑" : "·" }[who];
  return h("li", { class: isRefusal(line) ? "hit" : isFault ? "fault" : who },
    h("time", {}, seconds.toFixed(3)), h("span", { "aria-hidden": "true" }, mark),
    h("span", { class: "said" }, h("span", { class: "hidden" }, `${t(`report.${who}`)} `), [text, ...more].join("\n"),
      isDecided ? h("b", {}, ` ${t("talk.decided")}`) : null),
    who === "server" ? h("q", {}, explainReply(text, t)) : null);
}

function sessionOf(whole) {
  const { session, transcript } = whole;
  const outcome = outcomeIn(session, t, transcript.findLast(isRefusal)?.text);
  const chip = h("span", { class: `chip ${outcome.kind}` }, outcome.title);
  const title = [h("b", {}, `${t("report.session")} ${session.number}`), ` ${session.peer[0]} ${session.helo} `, chip,
    outcome.reply ? h("code", {}, ` ${outcome.reply}`) : null];
  const test = pytestOfSession(whole);
  return folded(title, () => [
    talkOf(transcript, outcome),
    ...(test ? [folded(t("report.test"), () => scrolled(t("report.test"), test))] : []),
  ], session.failed);
}

/** Return the warnings of a message, each with its meaning and where the standard has it. */
function warningsOf({ warnings, trouble }) {
  const known = warnings.map((kind) => {
    const place = sectionOf(kind, t);
    return place ? `${kind}: ${t(`warning.${kind}`)} (${t("head.rfc", place)})` : kind;
  });
  const all = [...known, ...trouble];
  return all.length ? h("ul", {}, all.map((each) => h("li", {}, each))) : null;
}

function faultsOf({ fired, missing }) {
  const journal = fired.map((each) => h("li", { class: "fault" }, h("code", {}, each.rule), ` ${each.phase} ${each.to.join(", ")}, ${t("report.session")} ${each.session}`));
  const others = missing.map((each) => h("li", { class: "hit" }, h("code", {}, each), ` ${t("report.not-fired")}`));
  return journal.length + others.length ? h("ul", { class: "faults" }, journal, others) : h("p", {}, t("report.no-faults"));
}

function testOf({ test, error, folder, servers }) {
  return [
    h("h1", { tabindex: "-1" }, test),
    error ? h("pre", { class: "error", tabindex: "0", role: "group", "aria-label": t("report.error") }, error) : null,
    servers.length ? null : h("p", {}, t("report.no-server")),
    servers.map((server) => h("section", {},
      h("h2", {}, server.address),
      h("h3", {}, t("report.messages", { n: server.messages.length })),
      server.messages.map((message) => messageOf(message, folder)),
      h("h3", {}, t("report.sessions", { n: server.sessions.length })),
      server.sessions.map(sessionOf),
      h("h3", {}, t("report.faults")),
      faultsOf(server))),
  ].flat(Infinity).filter(Boolean);
}

function show() {
  const index = Math.max(0, DATA.tests.findIndex((_, each) => `#${each + 1}` === location.hash));
  const main = h("main", {}, DATA.tests[index] ? testOf(DATA.tests[index]) : []);
  const links = DATA.tests.map(({ test }, each) => h("li", {}, h("a", { href: `#${each + 1}`, "aria-current": each === index ? "page" : null }, test)));
  const header = h("header", {}, h("strong", {}, t("report.title")), ` ${t("report.failed", { n: DATA.tests.length })}`,
    DATA.left_out ? `, ${t("report.left-out", { n: DATA.left_out })}` : null);
  document.body.replaceChildren(header, h("nav", { "aria-label": t("report.tests") }, h("ol", {}, links)), main);
  return main;
}

document.documentElement.lang = LANGUAGE;
document.title = t("report.title");
show();
addEventListener("hashchange", () => show().querySelector("h1")?.focus());
