// What stands in the place of something that is not there.

import { html, nothing } from "../vendor/lit.js";
import { t } from "../lang.js";

/** Return a view of one sentence, with its heading for screen readers. */
export function emptyView(title, text) {
  return html`<h1 class="unseen">${title}</h1><p class="empty">${text}</p>`;
}

/** Return what is seen while something loads, unless that takes no time. */
export function loadingLine() {
  return html`<p class="empty late" role="status">${t("loading")}</p>`;
}

/** Return why something could not be done; nothing if it could. */
export function problemLine(text) {
  return text ? html`<p class="bad" role="alert">${text}</p>` : nothing;
}
