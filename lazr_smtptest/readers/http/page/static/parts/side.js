// Where one can go: mail, sessions, faults, mailboxes, tags, saved searches.

import { html, nothing } from "../vendor/lit.js";
import { request } from "../api.js";
import { formatNumber, t } from "../lang.js";
import { quoted } from "../logic/query.js";
import { Part } from "../part.js";
import { href } from "../route.js";
import { state } from "../state.js";
import { marked } from "./marked.js";
import { savedSearches } from "./saved.js";
import { tagSquare } from "./tags.js";
import { attempt } from "./toast.js";

class SideBar extends Part {
  static properties = { route: {} };

  constructor() {
    super();
    const update = () => this.requestUpdate();
    this.listen(state, ["change"], update);
    this.listen(savedSearches, ["change"], update);
  }

  render() {
    const { view, query } = this.route;
    const q = query.get("q") ?? "";
    const { counts, failed, rules } = state;
    const isMail = view === "messages" || view === "refused";
    const refused = failed.filter((each) => each.refusals).length;
    // Those that can still fire.
    const armed = rules?.filter((each) => !each.times || each.fired < each.times).length;
    const tags = Object.entries(state.tags);
    return html`<nav class="side" aria-label=${t("side.label")}>
      ${item(["messages"], {}, t("side.all"), counts?.messages, isMail && !q)}
      ${item(["messages"], { q: "is:unread" }, t("do.unread"), counts?.unread,
        isMail && q === "is:unread")}
      ${item(["sessions"], {}, t("side.sessions"),
        refused && html`<span class="bad">${t("side.failed", { n: refused })}</span>`,
        view === "sessions")}
      ${rules === null ? nothing : item(["faults"], {}, t("side.faults"),
        armed && t("side.armed", { n: armed }), view === "faults")}
      ${item(["mailboxes"], {}, t("side.mailboxes"), state.mailboxes.length, view === "mailboxes")}
      ${item(["send"], {}, t("side.send"), "", view === "send")}
      ${item(["status"], {}, t("side.status"), "", view === "status")}
      ${item(["connect"], {}, t("connect.title"), "", view === "connect")}
      ${group(t("side.tags"), tags.map(([name, n]) => {
        const search = `tag:${quoted(name)}`;
        return item(["messages"], { q: search }, html`${tagSquare(name)}${marked(name)}`, n, isMail && q === search);
      }))}
      ${group(t("side.searches"), savedSearches.all.map((each) =>
        item(["messages"], { q: each }, each, "", isMail && q === each)))}
      ${state.user ? html`<button class="btn" @click=${logOut}>${t("login.out")}</button>` : nothing}
    </nav>`;
  }
}

async function logOut() {
  await attempt(() => request("POST", "logout"));
  location.reload();
}

function group(title, items) {
  return items.length ? html`<h2>${title}</h2>${items}` : nothing;
}

function item(place, query, name, number, isHere) {
  const shown = typeof number === "number" ? formatNumber(number) : number;
  return html`<a href=${href(place, query)} aria-current=${isHere ? "page" : nothing}
    ><span class="what">${name}</span>${number ? html`<em>${shown}</em>` : nothing}</a>`;
}

customElements.define("side-bar", SideBar);
