// A line that tells what was done, or why it could not be.

import { html, nothing } from "../vendor/lit.js";
import { Part, STATE } from "../part.js";

const SHOWN = 6000;

const toasts = new EventTarget();

/** Show a line for some seconds; screen readers read it. */
export function toast(text, kind = "good") {
  toasts.dispatchEvent(new CustomEvent("toast", { detail: { text, kind } }));
}

/** Run something; show why if it fails, and return undefined then. */
export async function attempt(work) {
  try {
    return await work();
  } catch (problem) {
    toast(problem.message, "bad");
    return undefined;
  }
}

class ToastLine extends Part {
  static properties = { shown: STATE };

  #timer = 0;

  constructor() {
    super();
    this.shown = null;
    this.listen(toasts, ["toast"], (event) => {
      this.shown = event.detail;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => (this.shown = null), SHOWN);
    });
  }

  render() {
    const { text, kind } = this.shown ?? {};
    return html`<div class="toast" role="status" data-kind=${kind ?? nothing}
      ?hidden=${!text}>${text}</div>`;
  }
}

customElements.define("toast-line", ToastLine);
