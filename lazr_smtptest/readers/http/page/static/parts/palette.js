// The command palette: everything that the keys do, found by its words.

import { html, nothing } from "../vendor/lit.js";
import { allKeys } from "../keys.js";
import { t } from "../lang.js";
import { Part, STATE } from "../part.js";

class CommandPalette extends Part {
  static properties = { text: STATE, chosen: STATE, isOpen: STATE };

  constructor() {
    super();
    this.text = "";
    this.chosen = 0;
    this.isOpen = false;
  }

  open() {
    this.text = "";
    this.chosen = 0;
    this.isOpen = true;
    this.updateComplete.then(() => {
      const dialog = this.querySelector("dialog");
      if (!dialog.open) dialog.showModal();
    });
  }

  /** The commands whose texts have all the words that were typed. */
  get #found() {
    const words = this.text.toLowerCase().split(/\s+/);
    return allKeys().filter((each) => {
      const label = t(each.label).toLowerCase();
      return words.every((word) => label.includes(word));
    });
  }

  render() {
    const found = this.isOpen ? this.#found : [];
    return html`<dialog class="dialog palette" aria-label=${t("key.palette")} @close=${() => (this.isOpen = false)}>
      ${this.isOpen ? html`<input autofocus role="combobox" aria-expanded="true" aria-controls="palette-options"
        aria-label=${t("key.palette")} placeholder=${t("key.palette")} autocomplete="off" .value=${this.text}
        aria-activedescendant=${found.length ? `palette-${this.chosen}` : nothing}
        @input=${this.#typed} @keydown=${this.#key}>
      <ul class="plain" id="palette-options" role="listbox" aria-label=${t("key.palette")}>${found.map((each, index) => html`<li
        id="palette-${index}" role="option" aria-selected=${index === this.chosen} @click=${() => this.#run(each)}>
        <span>${t(each.label)}</span><kbd>${each.keys.split(", ")[0]}</kbd></li>`)}</ul>` : nothing}
    </dialog>`;
  }

  #typed(event) {
    this.text = event.target.value;
    this.chosen = 0;
  }

  #key(event) {
    const found = this.#found;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) {
      event.preventDefault();
      this.chosen = (this.chosen + step + found.length) % found.length;
    } else if (event.key === "Enter" && found[this.chosen]) {
      event.preventDefault();
      this.#run(found[this.chosen]);
    }
  }

  #run(command) {
    this.querySelector("dialog").close();
    command.run();
  }
}

customElements.define("command-palette", CommandPalette);
