// The settings by which programs send their mail to this server, to copy.

import { html } from "../vendor/lit.js";
import { get } from "../api.js";
import { t } from "../lang.js";
import { FRAMEWORKS, settingsOf, smtpURL } from "../logic/connect.js";
import { Part } from "../part.js";
import { remember, remembered } from "../storage.js";
import "./copy.js";

const CHOICE = "framework";

/** Return the host and port that take mail; null: they are not known to this process. */
export async function readServer() {
  const { listeners } = await get("status");
  const smtp = listeners.find((each) => each.protocol === "smtp" && each.port);
  // The browser has reached this name; that of the listener may be any address.
  return smtp ? { host: location.hostname.replace(/^\[|\]$/g, ""), port: smtp.port } : null;
}

class ServerSettings extends Part {
  // `server` is what `settingsOf` takes.
  static properties = { server: {}, chosen: { state: true } };

  constructor() {
    super();
    const before = remembered(CHOICE);
    this.chosen = FRAMEWORKS.includes(before) ? before : FRAMEWORKS[0];
  }

  render() {
    const { server } = this;
    const { title, file, text } = settingsOf(this.chosen, server);
    const url = smtpURL(server);
    return html`<dl class="who">
        <dt>${t("connect.host")}</dt><dd><code>${server.host}</code></dd>
        <dt>${t("connect.port")}</dt><dd><code>${server.port}</code></dd>
        <dt>URL</dt><dd><code>${url}</code> <copy-button .text=${url}></copy-button></dd>
      </dl>
      <div class="seg wrap" role="group" aria-label=${t("connect.settings")}>
        ${FRAMEWORKS.map((name) => html`<button type="button" aria-pressed=${name === this.chosen}
          @click=${() => this.#choose(name)}>${settingsOf(name, server).title}</button>`)}
      </div>
      <p class="file">${file}</p>
      <pre class="code" tabindex="0" aria-label=${title}>${text}</pre>
      <copy-button .text=${text} .label=${title}></copy-button>`;
  }

  #choose(name) {
    this.chosen = name;
    remember(CHOICE, name);
  }
}

customElements.define("server-settings", ServerSettings);
