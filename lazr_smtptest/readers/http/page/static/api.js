// The client of /api/v2: every request of the page is made here.

import { t } from "./lang.js";

/** The address of the page, which all paths are relative to: it may be below a base. */
export const ROOT = new URL(".", document.baseURI.split("#")[0]);

/** An error that the server describes (RFC 9457), or that it could not be reached. */
export class Problem extends Error {
  constructor(status, details) {
    super(details.detail ?? details.Error ?? details.title ?? `${status}`);
    this.status = status;
    this.title = details.title ?? "";
    // Where a query is wrong; undefined if the error is not about one.
    this.position = details.position;
  }
}

/** Tells when a login is needed ("login"), and when the server is away ("away"). */
export const api = new EventTarget();

/** Return the URL of a path of the API, such as "messages/latest"; "/api/v1/send" too. */
export function apiURL(path, query = {}) {
  const url = new URL(path.startsWith("/") ? path.slice(1) : `api/v2/${path}`, ROOT);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") {
      url.searchParams.set(name, value);
    }
  }
  return url.href;
}

/**
 * Make a request; return the answer, decoded.
 * @param {string} method - such as "GET".
 * @param {string} path - below api/v2.
 * @param {Object} [options] - `query`, `body` (sent as JSON), `signal`, and `as`: how
 *   the answer is read, "json" or "text".
 * @throws {Problem} the server refuses, or is away (status 0).
 */
export async function request(method, path, options = {}) {
  const { query, body, signal, as = "json" } = options;
  // The last one tells that no navigation makes the request: then 401 opens no dialog.
  const headers = { Accept: ACCEPTED[as], "X-Requested-With": "fetch" };
  const init = { method, signal, headers };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    headers["Content-Type"] = "application/json";
  }
  let response;
  try {
    response = await fetch(apiURL(path, query), init);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    api.dispatchEvent(new Event("away"));
    throw new Problem(0, { detail: t("away.bar") });
  }
  if (!response.ok) {
    throw await problemOf(response);
  }
  return response.status === 204 ? null : response[as]();
}

const ACCEPTED = { json: "application/json", text: "text/*" };

async function problemOf(response) {
  if (response.status === 401) {
    api.dispatchEvent(new Event("login"));
  }
  const text = await response.text();
  try {
    return new Problem(response.status, JSON.parse(text));
  } catch {
    return new Problem(response.status, { detail: text.trim() || response.statusText });
  }
}

/** Return the answer to a GET; see `request`. */
export function get(path, query, options = {}) {
  return request("GET", path, { ...options, query });
}

/** Return the path of a message, by its id, below api/v2. */
export function messagePath(id, what = "") {
  return `messages/${encodeURIComponent(id)}${what && `/${what}`}`;
}

/** Change flags and tags of messages: `changes` are fields of PATCH /messages. */
export function changeMessages(selection, changes) {
  return request("PATCH", "messages", { body: { ...selection, ...changes } });
}

/** Remove messages: `selection` has `ids`, `numbers` or `query`. */
export function removeMessages(selection) {
  return request("DELETE", "messages", { body: selection });
}
