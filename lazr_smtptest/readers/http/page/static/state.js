// What several views show: numbers of messages, tags, refused sessions, fault rules.

import { get } from "./api.js";
import { feed } from "./feed.js";
import { throttled } from "./throttle.js";

const PAUSE = 400;
// The most refused sessions that stand among the messages of the list.
const MOST_FAILED = 200;

/** Dispatches "change" when any of its fields has changed. */
class State extends EventTarget {
  /** The numbers of messages: all, and the unread ones. */
  counts = null;
  /** The tags, each with the number of its messages. */
  tags = {};
  /** The latest sessions that delivered nothing, newest first. */
  failed = [];
  /** The fault rules; null if they are in another process. */
  rules = [];
  /** The disposable mailboxes. */
  mailboxes = [];
  /** Who is logged in; empty: nobody. */
  user = "";

  start() {
    const messages = throttled(() => this.#read(this.#messages), PAUSE);
    const sessions = throttled(() => this.#read(this.#sessions), PAUSE);
    const rules = throttled(() => this.#read(this.#rules), PAUSE);
    const mailboxes = throttled(() => this.#read(this.#mailboxes), PAUSE);
    this.refreshMailboxes = mailboxes;
    this.refreshRules = rules;
    const all = () => [messages, sessions, rules, mailboxes].forEach((each) => each());
    for (const kind of ["kept", "changed", "removed", "cleared"]) {
      feed.addEventListener(kind, messages);
    }
    feed.addEventListener("session-ended", sessions);
    feed.addEventListener("fault-fired", rules);
    feed.addEventListener("reset", all);
    feed.addEventListener("back", all);
    // No event tells of rules that others armed, or of mailboxes that they made.
    addEventListener("focus", all);
    all();
    this.#read(async () => (this.user = (await get("login")).user));
  }

  /** Read something; what cannot be read stays as it was, and the bar tells why. */
  async #read(part) {
    try {
      await part.call(this);
    } catch {
      return;
    }
    this.dispatchEvent(new Event("change"));
  }

  async #messages() {
    const [counts, tags] = await Promise.all([get("counts"), get("tags")]);
    this.counts = counts;
    this.tags = tags;
  }

  async #sessions() {
    const page = await get("sessions", { failed: true, limit: MOST_FAILED });
    this.failed = page.sessions;
  }

  async #rules() {
    try {
      this.rules = (await get("faults")).rules;
    } catch (problem) {
      if (problem.status !== 409) throw problem;
      this.rules = null;
    }
  }

  async #mailboxes() {
    this.mailboxes = (await get("mailboxes")).mailboxes;
  }
}

export const state = new State();
