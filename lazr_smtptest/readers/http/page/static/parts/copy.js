// A button that copies a text with one click.

import { html } from "../vendor/lit.js";
import { t } from "../lang.js";
import { Part } from "../part.js";
import { toast } from "./toast.js";

/** Copy a text, and tell so. A page that is not secure has no clipboard of its own. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text);
  }
  toast(t("copied"));
}

function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

class CopyButton extends Part {
  static properties = { text: {}, label: {} };

  render() {
    return html`<button type="button" class="btn small" @click=${() => copy(this.text)}
      aria-label=${t("copy.what", { what: this.label || this.text })}>${t("copy.do")}</button>`;
  }
}

customElements.define("copy-button", CopyButton);
