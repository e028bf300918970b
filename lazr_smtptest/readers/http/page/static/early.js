// Pages of messages; the first one is asked for while the other modules are loaded.

import { get } from "./api.js";
import { currentRoute } from "./route.js";

/** Messages of one request. */
export const PAGE = 100;

/** Return a page of the messages that match a query. */
export function getPage(query, options) {
  return get("messages", { query, limit: PAGE, ...options });
}

let early = null;

// The list shows the newest messages as soon as there is one.
const { view, query } = currentRoute();
if (view === "messages" || view === "refused") {
  const text = query.get("q") ?? "";
  early = { query: text, page: getPage(text, { timeout: 1 }) };
  // The list tells why they could not be read.
  early.page.catch(() => {});
}

/** Return what was asked for early, once; null if that was another query. */
export function takeEarly(query) {
  const page = early?.query === query ? early.page : null;
  early = null;
  return page;
}
