// The search language, as far as a search field needs it: completion at the cursor,
// chips, and where an error stands. The server parses queries; this is its grammar.

/** The names of terms, each with the kind of its value. */
export const NAMES = {
  from: "address", to: "address", cc: "address", bcc: "address", "reply-to": "address",
  addressed: "address", subject: "text", "message-id": "text", header: "header",
  tag: "tag", is: "choice", has: "choice", larger: "size", smaller: "size",
  before: "date", after: "date", user: "text", session: "text", rcpt: "address", id: "text",
};

/** The values that a term with choices has. */
export const CHOICES = {
  is: ["unread", "read", "seen", "tagged", "answered", "flagged", "deleted", "draft"],
  has: ["attachment", "attachments", "inline", "inlines", "warning", "warnings"],
};

// Suggestions of values; some choices are the same as others.
const SUGGESTED = {
  is: ["unread", "read", "tagged", "answered", "flagged", "deleted", "draft"],
  has: ["attachment", "inline", "warning"],
  size: ["100k", "1M", "10M"],
  date: ["today", "yesterday", "1h", "7d"],
  header: ["X-Mailer:", "List-Unsubscribe", "Reply-To:"],
};

const MOST_OPTIONS = 8;
const DEEPEST = 30;
const SPACE = /\s/u;

/**
 * Return the terms, operators and parentheses of a query, in order.
 * @param {string} text - the query, right or wrong.
 * @returns {{start: number, end: number, kind: string, name: string, value: string,
 *   isNegated: boolean, open: number, empty: number, from: number}[]} `kind` is "term",
 *   "or", "not", "(" or ")"; `name` is that of a term, in lower case, or empty; `value` is
 *   without quotes, and begins at `from`; `open` is where a quote stands that nothing
 *   closes, `empty` where a text between quotes is missing, or -1.
 */
export function tokensOf(text) {
  const tokens = [];
  let at = 0;
  while (at < text.length) {
    if (SPACE.test(text[at])) {
      at += 1;
    } else if (text[at] === "(" || text[at] === ")") {
      tokens.push(token(at, at + 1, text[at]));
      at += 1;
    } else if (text[at] === "-" || text[at] === "!") {
      at = readTerm(text, at, at + 1, tokens);
    } else if (/^OR(?=[\s()]|$)/u.test(text.slice(at, at + 3))) {
      tokens.push(token(at, at + 2, "or"));
      at += 2;
    } else {
      at = readTerm(text, at, at, tokens);
    }
  }
  return tokens;
}

function token(start, end, kind) {
  return { start, end, kind, name: "", value: "", isNegated: false, open: -1, empty: -1, from: start };
}

/** Append the term at a place, whose sign is before `begin`; return its end. */
function readTerm(text, start, begin, tokens) {
  const term = { ...token(start, begin, "term"), isNegated: begin > start };
  if (text[begin] === "(") {
    // The sign belongs to the group.
    tokens.push({ ...term, kind: "not" });
    return begin;
  }
  let plain = "";
  let at = begin;
  for (let inner = 0; at < text.length && !SPACE.test(text[at]); at += 1) {
    if (text[at] === '"') {
      const end = endOfQuote(text, at);
      if (end < 0) term.open = at;
      const inside = text.slice(at + 1, end < 0 ? text.length : end);
      if (end >= 0 && !inside.trim() && term.empty < 0) term.empty = at + 1;
      plain += inside.replace(/\\(["\\])/g, "$1");
      at = end < 0 ? text.length - 1 : end;
      continue;
    }
    inner += { "(": 1, ")": -1 }[text[at]] ?? 0;
    if (inner < 0) break;
    plain += text[at];
  }
  term.end = at;
  term.value = plain;
  term.from = begin;
  const name = /^([A-Za-z][A-Za-z-]*):/.exec(text.slice(begin, at));
  if (name !== null && name[1].toLowerCase() in NAMES) {
    term.name = name[1].toLowerCase();
    term.value = plain.slice(name[0].length);
    term.from = begin + name[0].length;
  }
  tokens.push(term);
  return at;
}

/** Return the index of the quote that closes the one at a place; -1: there is none. */
function endOfQuote(text, start) {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\" && (text[at + 1] === '"' || text[at + 1] === "\\")) at += 1;
    else if (text[at] === '"') return at;
  }
  return -1;
}

/**
 * Return where a query is wrong in its structure; null: nothing is seen from here.
 * @returns {?{position: number, key: string, values: Object}} `position` is the one that
 *   the server would name; the text is that of the language file with this key.
 */
export function problemOf(text) {
  const open = [];
  let joins = false;
  let isFirst = true;
  for (const each of tokensOf(text)) {
    const problem = (key, position, values = {}) => ({ position, key: `query.${key}`, values });
    if (each.kind === "or") {
      if (joins || isFirst) return problem("or-before", each.start);
      joins = true;
      continue;
    }
    if (each.kind === ")") {
      if (joins) return problem("or-after", each.start);
      if (open.length === 0) return problem("close", each.start);
      if (isFirst) return problem("empty-group", each.start);
      open.pop();
    } else if (each.kind === "(") {
      open.push(each.start);
      if (open.length > DEEPEST) return problem("deep", each.start, { n: DEEPEST });
      isFirst = true;
      joins = false;
      continue;
    } else if (each.kind === "term") {
      const wrong = problemOfTerm(text, each);
      if (wrong) return problem(...wrong);
    } else {
      continue;
    }
    isFirst = false;
    joins = false;
  }
  if (joins) return { position: text.length, key: "query.or-after", values: {} };
  if (open.length === 0) return null;
  return { position: text.length, key: "query.open", values: { n: open.at(-1) + 1 } };
}

/** Return the key, position and values of what is wrong with a term, or null. */
function problemOfTerm(text, term) {
  if (term.empty >= 0) return ["empty-quotes", term.empty];
  if (term.open >= 0) return ["quote", text.length, { n: term.open + 1 }];
  const { name, value, from } = term;
  if (!name) return null;
  if (!value.trim()) return ["value", from, { name }];
  if (text[from] === "(") return ["one-value", from, { name }];
  if (name in CHOICES && !CHOICES[name].includes(value.trim().toLowerCase())) {
    return ["choice", from, { choices: CHOICES[name].join(", ") }];
  }
  return null;
}

/**
 * Return what a query is, in pieces: what a search field shows as chips.
 * @returns {{text: string, kind: string}[]} `kind` is "field", "text", "operator" or
 *   "space"; the texts together are the query.
 */
export function chipsOf(text) {
  const chips = [];
  let end = 0;
  const skipTo = (start) => {
    if (start > end) chips.push({ text: text.slice(end, start), kind: "space" });
  };
  for (const each of tokensOf(text)) {
    skipTo(each.start);
    const kind = each.kind !== "term" ? "operator" : each.name ? "field" : "text";
    chips.push({ text: text.slice(each.start, each.end), kind });
    end = each.end;
  }
  skipTo(text.length);
  return chips;
}

/** Return the query without one of its chips, an operator at its side too. */
export function withoutChip(text, index) {
  const chips = chipsOf(text).filter((chip) => chip.kind !== "space");
  const before = chips[index - 1]?.text === "OR";
  const after = chips[index + 1]?.text === "OR";
  const removed = new Set([index, after ? index + 1 : before ? index - 1 : index]);
  return chips.filter((_, each) => !removed.has(each)).map((chip) => chip.text).join(" ")
    .replace(/([(]|(?:^|\s)[-!]) /g, "$1").replace(/ \)/g, ")");
}

/** Return a value as a query has it: in quotes where it needs them. */
export function quoted(value) {
  if (/^[^\s()"*!-][^\s()"*]*$/u.test(value)) return value;
  return `"${value.replace(/(["\\])/g, "\\$1")}"`;
}

/**
 * Return the completions of the term at the cursor.
 * @param {string} text - the query.
 * @param {number} cursor - the index of the character after it.
 * @param {{tags?: string[], addresses?: string[]}} [known] - values of the store.
 * @returns {{start: number, end: number, options: {text: string, key: string}[]}}
 *   what is replaced, and by what; `key` names the text that explains an option, or is
 *   empty.
 */
export function completionsOf(text, cursor, known = {}) {
  const term = tokensOf(text).find((each) => each.kind === "term" && each.start < cursor && cursor <= each.end);
  if (term === undefined) return { start: cursor, end: cursor, options: [] };
  const typed = text.slice(term.from, cursor).replace(/^"/, "");
  if (term.name && cursor >= term.from) {
    const options = valuesOf(term.name, known)
      .filter((value) => begins(value, typed) && value !== typed)
      .map((value) => ({ text: value.endsWith(":") ? value : quoted(value), key: "" }));
    return { start: term.from, end: term.end, options: options.slice(0, MOST_OPTIONS) };
  }
  const start = term.start + (term.isNegated ? 1 : 0);
  const prefix = text.slice(start, cursor);
  if (!/^[A-Za-z-]+$/.test(prefix)) return { start, end: term.end, options: [] };
  const options = Object.keys(NAMES).filter((name) => begins(name, prefix))
    .map((name) => ({ text: `${name}:`, key: `query.name.${name}` }));
  return { start, end: term.end, options: options.slice(0, MOST_OPTIONS) };
}

function begins(value, typed) {
  return value.toLowerCase().startsWith(typed.toLowerCase());
}

function valuesOf(name, known) {
  const kind = NAMES[name];
  if (kind === "tag") return known.tags ?? [];
  if (kind === "address") return known.addresses ?? [];
  return SUGGESTED[name] ?? SUGGESTED[kind] ?? [];
}

/**
 * Return the query with an option of `completionsOf` in it, and where the cursor is then.
 * @returns {{text: string, cursor: number}}
 */
export function completed(text, completions, option) {
  const rest = text.slice(completions.end);
  const space = option.text.endsWith(":") || rest.startsWith(" ") ? "" : " ";
  const head = text.slice(0, completions.start) + option.text + space;
  return { text: head + rest, cursor: head.length };
}

/**
 * Return a query in three pieces: before an error, the wrong part, and after it.
 * @param {string} text - the query.
 * @param {number} position - where the error stands, from the server or `problemOf`; a
 *   position at the end marks nothing but the end.
 */
export function splitAt(text, position) {
  const start = Math.min(Math.max(0, position), text.length);
  const wrong = /^(?:[()]|[^\s()]+)?/u.exec(text.slice(start))[0];
  return [text.slice(0, start), wrong, text.slice(start + wrong.length)];
}
