// The search language, as far as a search field needs it: completion at the cursor, and
// chips. The server parses queries, and tells where they are wrong.

/** The names of terms, each with the kind of its value. */
export const NAMES = {
  from: "address", to: "address", cc: "address", bcc: "address", "reply-to": "address",
  addressed: "address", subject: "text", "message-id": "text", header: "header",
  tag: "tag", is: "choice", has: "choice", larger: "size", smaller: "size",
  before: "date", after: "date", user: "text", session: "text", rcpt: "address", id: "text",
};

/** Values to suggest, by a term or a kind of value; some choices are the same as others. */
export const SUGGESTED = {
  is: ["unread", "read", "tagged", "answered", "flagged", "deleted", "draft"],
  has: ["attachment", "inline", "warning"],
  size: ["100k", "1M", "10M"],
  date: ["today", "yesterday", "1h", "7d"],
  header: ["X-Mailer:", "List-Unsubscribe", "Reply-To:"],
};

const MOST_OPTIONS = 8;
const SPACE = /\s/u;

/**
 * Return the terms, operators and parentheses of a query, in order.
 * @param {string} text - the query, right or wrong.
 * @returns {{start: number, end: number, kind: string, name: string, value: string,
 *   isNegated: boolean, from: number}[]} `kind` is "term", "or", "not", "(" or ")"; `name`
 *   is that of a term, in lower case, or empty; `value` is without quotes, and begins at
 *   `from`.
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
  return { start, end, kind, name: "", value: "", isNegated: false, from: start };
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
      const inside = text.slice(at + 1, end < 0 ? text.length : end);
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
