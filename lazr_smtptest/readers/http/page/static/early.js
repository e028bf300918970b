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

/** Ask for the newest messages: the list shows them as soon as there is one. */
function load() {
  const { view, query } = currentRoute();
  if (view !== "messages" && view !== "refused") return;
  const text = query.get("q") ?? "";
  const page = getPage(text, { timeout: 1 });
  // The list tells why they could not be read.
  page.catch(() => {});
  early = { query: text, page };
}

/** Return what was asked for early, once; null if that was another query. */
export function takeEarly(query) {
  const page = early?.query === query ? early.page : null;
  early = null;
  return page;
}

load();
