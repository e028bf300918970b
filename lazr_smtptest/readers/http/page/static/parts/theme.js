// The choice of colours: those of the system, light, or dark.

import { html } from "../vendor/lit.js";
import { t } from "../lang.js";
import { Part, STATE } from "../part.js";
import { remember } from "../storage.js";

const KEY = "theme";
const NEXT = { system: "light", light: "dark", dark: "system" };
const SIGNS = { system: "◐", light: "☀", dark: "☾" };

class ThemeChoice extends Part {
  static properties = { theme: STATE };

  constructor() {
    super();
    this.theme = document.documentElement.dataset.theme ?? "system";
  }

  render() {
    const names = {
      system: t("theme.system"), light: t("html.light"), dark: t("html.dark"),
    };
    const label = t("theme.label", { theme: names[this.theme] });
    return html`<button class="btn icon" title=${label} aria-label=${label}
      @click=${this.#next}>${SIGNS[this.theme]}</button>`;
  }

  #next() {
    this.theme = NEXT[this.theme];
    if (this.theme === "system") {
      delete document.documentElement.dataset.theme;
      remember(KEY, null);
    } else {
      document.documentElement.dataset.theme = this.theme;
      remember(KEY, this.theme);
    }
  }
}

customElements.define("theme-choice", ThemeChoice);
