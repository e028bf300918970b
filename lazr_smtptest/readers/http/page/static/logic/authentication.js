// What other servers found out about the sender, as header fields have it (RFC 8601).
// Anybody can write them: what cannot be read is left out.

const LONGEST = 4000;
const FIELDS = ["authentication-results", "arc-authentication-results"];
const TOKEN = /"((?:[^"\\]|\\.)*)"|\(|\)|;|=|[^\s"();=]+/g;

/** Return the tokens of a field, without comments; quotes are removed. */
function tokensOf(text) {
  const tokens = [];
  let depth = 0;
  for (const [token, quoted] of text.matchAll(TOKEN)) {
    if (token === "(") depth += 1;
    else if (token === ")") depth = Math.max(0, depth - 1);
    else if (depth === 0) tokens.push(quoted ?? token);
  }
  return tokens;
}

/** Return tokens in groups, split at the semicolons. */
function groupsOf(tokens) {
  const groups = [[]];
  for (const token of tokens) {
    if (token === ";") groups.push([]);
    else groups.at(-1).push(token);
  }
  return groups;
}

/** Return "dkim = pass header.d = a.example" as pairs of names and values. */
function pairsOf(tokens) {
  const pairs = [];
  tokens.forEach((token, index) => {
    if (token === "=" && index > 0) pairs.push([tokens[index - 1], tokens[index + 1] ?? ""]);
  });
  return pairs;
}

/**
 * Return what an Authentication-Results field says.
 * @param {string} value - the field, unfolded or not.
 * @returns {{server: string, results: {method: string, result: string,
 *   details: string[]}[]}} `server` is who says so; `details` such as
 *   "header.d=a.example".
 */
export function parseAuthentication(value) {
  const [head, ...groups] = groupsOf(tokensOf(value.slice(0, LONGEST)));
  // RFC 8617 section 4.1.1: in an ARC set the number of the instance comes first.
  const isInstance = head[0] === "i" && head[1] === "=";
  const server = (isInstance ? groups.shift() : head)?.[0] ?? "";
  const results = groups.map(pairsOf).filter((pairs) => pairs.length).map(
    ([[method, result], ...details]) => ({
      method: method.toLowerCase().split("/")[0],
      result: result.toLowerCase(),
      details: details.map((pair) => pair.join("=")),
    }));
  return { server, results };
}

/** Return what all such fields of a header say; see `parseAuthentication`. */
export function authenticationOf(headers) {
  return headers.filter(({ name }) => FIELDS.includes(name.toLowerCase()))
    .map(({ value }) => parseAuthentication(value)).filter(({ results }) => results.length);
}

/** Return how good a result is: "good", "bad", or "" if it proves nothing. */
export function gradeOf(result) {
  if (result === "pass") return "good";
  return ["fail", "softfail", "policy", "permerror", "hardfail"].includes(result) ? "bad" : "";
}
