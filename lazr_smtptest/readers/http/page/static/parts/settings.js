// The settings by which programs send their mail to this server, to copy.

import { html } from "../vendor/lit.js";
import { get } from "../api.js";
import { t } from "../lang.js";
import { accountURL, FRAMEWORKS, readerOf, settingsOf, smtpURL } from "../logic/connect.js";
import { Part, STATE } from "../part.js";
import { remember, remembered } from "../storage.js";
import { choice } from "./choice.js";
import "./copy.js";

const CHOICE = "framework";

// The browser has reached this name; that of a listener may be any address.
const HOST = location.hostname.replace(/^\[|\]$/g, "");

/**
 * Return the host and port that take mail, and the listeners where it can be read; null:
 * they are not known to this process.
 */
export async function readServer() {
  const { listeners } = await get("status");
  const smtp = listeners.find((each) => each.protocol === "smtp" && each.port);
  const readers = listeners.filter((each) => readerOf(each.protocol) && each.port);
  return smtp ? { host: HOST, port: smtp.port, readers } : null;
}

class ServerSettings extends Part {
  // `server` is what `settingsOf` takes; `account` is who reads the mail there.
  static properties = { server: {}, chosen: STATE };

  constructor() {
    super();
    const before = remembered(CHOICE);
    this.chosen = FRAMEWORKS.includes(before) ? before : FRAMEWORKS[0];
  }

  render() {
    const { server } = this;
    const { title, file, text } = settingsOf(this.chosen, server);
    const url = smtpURL(server);
    const titles = Object.fromEntries(FRAMEWORKS.map((name) => [name, settingsOf(name, server).title]));
    return html`<dl class="who">
        <dt>${t("connect.host")}</dt><dd><code>${server.host}</code></dd>
        <dt>${t("connect.port")}</dt><dd><code>${server.port}</code></dd>
        <dt>URL</dt><dd><code>${url}</code> <copy-button .text=${url}></copy-button></dd>
        ${server.readers.map((each) => reader(readerOf(each.protocol), { ...server, port: each.port, user: server.account }))}
      </dl>
      ${choice(t("connect.settings"), titles, this.chosen, (name) => this.#choose(name))}
      <p class="file">${file}</p>
      <pre class="code" tabindex="0" aria-label=${title}>${text}</pre>
      <copy-button .text=${text} .label=${title}></copy-button>`;
  }

  #choose(name) {
    this.chosen = name;
    remember(CHOICE, name);
  }
}

function reader(name, to) {
  const url = accountURL(name, to);
  return html`<dt>${name.toUpperCase()}</dt><dd><code>${url}</code> <copy-button .text=${url}></copy-button></dd>`;
}

customElements.define("server-settings", ServerSettings);
