// The base of all elements of the page.

import { LitElement } from "./vendor/lit.js";
import { feed } from "./feed.js";
import { addKeys } from "./keys.js";

/** The options of a property that is set by the element itself. */
export const STATE = { state: true };

/**
 * An element that is drawn into the document itself, so that the style sheets, labels
 * and the order of focus of the page reach what is in it.
 */
export class Part extends LitElement {
  #listened = [];
  #keys = [];
  #removeKeys = () => {};
  #load = null;
  #use = null;

  constructor() {
    super();
    // What a server that was away did not answer is asked for again when it is back.
    this.listen(feed, ["back", "reset"], () => {
      if (this.#load && this.problem?.status === 0) this.useLatest(this.#load, this.#use);
    });
  }

  createRenderRoot() {
    return this;
  }

  /** Call a function for events of something while this element is in the document. */
  listen(target, kinds, listener) {
    for (const kind of kinds) {
      this.#listened.push([target, kind, listener]);
      if (this.isConnected) target.addEventListener(kind, listener);
    }
  }

  /** Let keys do something while this element is in the document; see keys.js. */
  listenToKeys(keys) {
    this.#keys = keys;
  }

  /**
   * Use what a function loads, unless another one was given meanwhile; if it fails,
   * `problem` is why.
   */
  async useLatest(load, use) {
    this.#load = load;
    this.#use = use;
    this.problem = null;
    try {
      const found = await load();
      if (this.#load === load) use(found);
    } catch (problem) {
      if (this.#load === load) this.problem = problem;
    }
  }

  /** Do what a form asks for: `isBusy` until then, and `problem` tells why it failed. */
  async submit(work) {
    this.isBusy = true;
    this.problem = "";
    try {
      await work();
    } catch (problem) {
      this.problem = problem.message;
    }
    this.isBusy = false;
  }

  connectedCallback() {
    super.connectedCallback();
    this.#removeKeys = addKeys(this.#keys);
    for (const [target, kind, listener] of this.#listened) {
      target.addEventListener(kind, listener);
    }
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#removeKeys();
    for (const [target, kind, listener] of this.#listened) {
      target.removeEventListener(kind, listener);
    }
  }
}
