// The place in the page, as its address has it: "#/messages/ID/headers?q=code".

/**
 * Return the place that a fragment names.
 * @param {string} fragment - with "#" at its beginning, or empty.
 * @returns {{view: string, id: string, tab: string, query: URLSearchParams}}
 */
export function parseRoute(fragment) {
  const [path, query = ""] = split(fragment.replace(/^#\/?/, ""), "?");
  const [view = "", id = "", tab = ""] = path.split("/").map(decode);
  return { view: view || "messages", id, tab, query: new URLSearchParams(query) };
}

function split(text, separator) {
  const index = text.indexOf(separator);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Return the place where the page is. */
export function currentRoute() {
  return parseRoute(location.hash);
}

/**
 * Return the address of a place.
 * @param {string[]} parts - such as ["messages", id, "headers"]; empty ones are left out.
 * @param {Object} [query] - such as {q: "code"}; empty values are left out.
 */
export function href(parts, query = {}) {
  const path = parts.filter(Boolean).map(encodeURIComponent).join("/");
  const given = Object.entries(query).filter(([, value]) => value);
  const search = new URLSearchParams(given).toString();
  return `#/${path}${search && `?${search}`}`;
}

/** Go to a place; see `href`. */
export function go(parts, query = {}) {
  location.hash = href(parts, query);
}

/** Go to a place without a new entry in the history, as while a search is typed. */
export function replaceRoute(parts, query = {}) {
  history.replaceState(null, "", href(parts, query));
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}
