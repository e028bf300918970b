// The settings by which programs send their mail to this server, to copy.

import { html } from "../vendor/lit.js";
import { get } from "../api.js";
import { t } from "../lang.js";
import { FRAMEWORKS, inURL, settingsOf, smtpURL } from "../logic/connect.js";
import { Part, STATE } from "../part.js";
import { remember, remembered } from "../storage.js";
import { choice } from "./choice.js";
import "./copy.js";

const CHOICE = "framework";

// The browser has reached this name; that of a listener may be any address.
const HOST = location.hostname.replace(/^\[|\]$/g, "");
// A second listener of a protocol has a number after it.
const READS = /^(imap|pop3)s?/;

/** Return the URL of a listener that mail is read from, such as "imap://localhost:1143". */
function urlOf({ protocol, port }) {
  return `${READS.exec(protocol)[0].replace("pop3", "pop")}://${inURL(HOST)}:${port}`;
}

/**
 * Return the host and port that take mail, and the URLs where it can be read; null: they
 * are not known to this process.
 */
export async function readServer() {
  const { listeners } = await get("status");
  const smtp = listeners.find((each) => each.protocol === "smtp" && each.port);
  const readers = listeners.filter((each) => READS.test(each.protocol) && each.port).map(urlOf);
  return smtp ? { host: HOST, port: smtp.port, readers } : null;
}

class ServerSettings extends Part {
  // `server` is what `settingsOf` takes.
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
        ${server.readers.map((each) => html`<dt>${each.split(":")[0].toUpperCase()}</dt><dd><code>${each}</code>
          <copy-button .text=${each}></copy-button></dd>`)}
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

customElements.define("server-settings", ServerSettings);
