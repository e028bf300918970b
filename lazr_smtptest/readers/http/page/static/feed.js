// The events of the server, by a websocket, or as server-sent events where there is none.

import { api, apiURL } from "./api.js";

const KINDS = [
  "kept", "changed", "removed", "cleared", "reset",
  "session-began", "session-ended", "refused", "aborted", "fault-fired",
];

// Milliseconds before the first attempt to connect again, and the most of them.
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 5000;
// Milliseconds after which an attempt that nobody answers has failed.
const PATIENCE = 10_000;

/**
 * Dispatches each event of the server under its name, with its data as `detail`, and
 * "state" when the connection opens or is lost. After a pause it asks for the changes
 * that it missed. What has no number is not repeated: "back" tells that such may be
 * missing. Until a change has arrived it knows of none, and what happened before it
 * connected is not told: "reset", as the server sends it, tells that all may be missing.
 */
export class Feed extends EventTarget {
  /** Whether events arrive now. */
  isLive = false;
  /** How they arrive: "websocket" or "sse". */
  way = "websocket";

  #last = null;
  #pause = FIRST_PAUSE;
  #isOpen = false;
  #source = null;
  #timer = 0;

  constructor() {
    super();
    // A request that fails shows a lost server sooner than a silent connection.
    api.addEventListener("away", () => this.#lost(this.#source));
  }

  /** Connect, and stay connected. */
  start() {
    clearTimeout(this.#timer);
    this.#source?.close();
    const url = apiURL("events", { since: this.#last });
    const source = this.way === "websocket" ? this.#openSocket(url) : this.#openStream(url);
    source.onopen = () => this.#opened();
    this.#source = source;
    this.#isOpen = false;
    this.#timer = setTimeout(() => this.#lost(source), PATIENCE);
  }

  #openSocket(url) {
    const socket = new WebSocket(url.replace(/^http/, "ws"));
    socket.onmessage = (message) => {
      const { event, id, data } = JSON.parse(message.data);
      this.#tell(event, id, data);
    };
    socket.onclose = () => this.#lost(socket);
    return socket;
  }

  #openStream(url) {
    const source = new EventSource(url);
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        const id = event.lastEventId ? Number(event.lastEventId) : null;
        this.#tell(kind, id, JSON.parse(event.data));
      });
    }
    source.onerror = () => this.#lost(source);
    return source;
  }

  #opened() {
    clearTimeout(this.#timer);
    this.#isOpen = true;
    this.#pause = FIRST_PAUSE;
    this.#setLive(true);
    this.dispatchEvent(new Event(this.#last === null ? "reset" : "back"));
  }

  #lost(source) {
    if (source === null || source !== this.#source) return;
    this.#source = null;
    source.close();
    clearTimeout(this.#timer);
    // A proxy or an older server may take no websockets.
    if (!this.#isOpen) this.way = this.way === "sse" ? "websocket" : "sse";
    this.#setLive(false);
    this.#timer = setTimeout(() => this.start(), this.#pause);
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
  }

  #setLive(isLive) {
    if (this.isLive === isLive) return;
    this.isLive = isLive;
    this.dispatchEvent(new Event("state"));
  }

  #tell(kind, id, data) {
    if (id !== null) this.#last = id;
    this.dispatchEvent(new CustomEvent(kind, { detail: data }));
  }
}

/** The events of this page. */
export const feed = new Feed();
