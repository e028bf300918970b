// The base of all elements of the page.

import { LitElement } from "./vendor/lit.js";

/**
 * An element that is drawn into the document itself, so that the style sheets, labels
 * and the order of focus of the page reach what is in it.
 */
export class Part extends LitElement {
  #listened = [];

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

  connectedCallback() {
    super.connectedCallback();
    for (const [target, kind, listener] of this.#listened) {
      target.addEventListener(kind, listener);
    }
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    for (const [target, kind, listener] of this.#listened) {
      target.removeEventListener(kind, listener);
    }
  }
}
