// The settings of the running server, to read and to change.

import { html, nothing } from "../vendor/lit.js";
import { get, request } from "../api.js";
import { feed } from "../feed.js";
import { t } from "../lang.js";
import { explained } from "../meanings.js";
import { Part, STATE } from "../part.js";
import { table } from "./table.js";
import { attempt, toast } from "./toast.js";

const FLAGS = ["require_tls", "require_auth", "xclient", "vrfy"];
const PROFILES = ["standard", "strict"];

class LiveSettings extends Part {
  static properties = { settings: STATE };

  constructor() {
    super();
    this.settings = null;
    this.listen(feed, ["back", "reset"], () => this.#read());
  }

  connectedCallback() {
    super.connectedCallback();
    this.#read();
  }

  async #read() {
    try {
      this.settings = await explained(get("settings"));
    } catch {
      // They are in another process.
    }
  }

  /** The tables of the API, each with what can be changed of it. */
  get #tables() {
    const { limits, store, tags, profile, ...others } = this.settings;
    const flags = FLAGS.map((name) => [name, others[name]]);
    return { settings: { profile, ...Object.fromEntries(flags) }, limits, store, tags };
  }

  render() {
    if (!this.settings) return nothing;
    const { hidden, values, tags } = this.settings;
    const fixed = { ...values, ...tags?.queries };
    return html`<section class="card"><h2>${t("status.settings")}</h2><p>${t("status.settings-how")}</p>
      ${table([
        ...Object.entries(this.#tables).flatMap(([table, fields]) =>
          Object.entries(fields ?? {}).filter(([name]) => name !== "queries").map(([name, value]) =>
            row(name, this.settings.fixed.includes(name) ? `${value ?? "none"}` : this.#field(table, name, value)))),
        row("hidden", hidden.join(", ") || "–"),
        ...Object.entries(fixed).map(([name, value]) => [name, `${value}` || "–"]),
      ], t("status.settings"))}</section>`;
  }

  #field(table, name, value) {
    const change = (event) => this.#change(table, name, event.target);
    if (typeof value === "boolean") {
      return html`<input type="checkbox" aria-label=${name} .checked=${value} @change=${change}>`;
    }
    if (name === "profile") {
      return html`<select aria-label=${name} @change=${change}>${PROFILES.map((each) =>
        html`<option ?selected=${each === value}>${each}</option>`)}</select>`;
    }
    return html`<input aria-label=${name} .value=${value ?? NO_BOUND[table]} @change=${change}>`;
  }

  async #change(table, name, { type, checked, value }) {
    const given = type === "checkbox" ? checked : numberOr(value.trim());
    const settings = await attempt(() =>
      request("PATCH", "settings", { body: { [table]: { [name]: given } } }));
    // A value that is refused stays, to be corrected.
    if (!settings) return;
    this.settings = settings;
    toast(t("status.changed", { name }));
  }
}

/** Return the row of a setting, with its unit, and what it means. */
function row(name, value) {
  return [name, html`<div class="strip">${value} ${t(`unit.${name}`)}</div><p>${t(`setting.${name}`)}</p>`];
}

// What the API takes for no bound.
const NO_BOUND = { limits: "none", store: "0" };

/** Return a number, a text such as "10M", or null for an empty one: as at the start. */
function numberOr(text) {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : text || null;
}

customElements.define("live-settings", LiveSettings);
