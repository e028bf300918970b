// The attachments of a message in one strip, above its content.

import { html, nothing } from "../vendor/lit.js";
import { apiURL, messagePath } from "../api.js";
import { currentLocale, t } from "../lang.js";
import { size } from "../logic/size.js";
import { marked } from "./marked.js";

// Images in which nothing can run; the server sends any other type as a download.
const IMAGES = /^image\/(png|jpeg|gif|webp|avif|bmp)$/;
// Bytes above which an image is not loaded only to be shown small.
const LARGE = 5_000_000;
// A mail of ten thousand parts leaves room for itself.
const MOST = 50;

/** Return whether a part is shown as an image, by its type. */
export function isImage(part) {
  return IMAGES.test(part.content_type);
}

/** Return the parts of a message that are files: attached, or named and not shown. */
export function filesOf(parts) {
  return parts.filter(({ disposition, name, content_id, is_text }) =>
    disposition === "attachment" || (name !== "" && disposition !== "inline" && !(content_id || is_text)));
}

/** Return the strip; nothing for a message without attachments. */
export function attachmentStrip(messageId, parts) {
  const files = filesOf(parts);
  if (!files.length) return nothing;
  return html`<ul class="files" aria-label=${t("files.label")}>
    ${files.slice(0, MOST).map((each) => card(messageId, each))}
    ${files.length > MOST ? html`<li>${t("more", { n: files.length - MOST })}</li>` : nothing}</ul>`;
}

function card(messageId, part) {
  const url = apiURL(messagePath(messageId, `parts/${part.id}`));
  const name = part.name || `part-${part.id}`;
  return html`<li>${isImage(part) && part.size <= LARGE ? html`<img src=${url} alt="" loading="lazy">` : nothing}
    <span class="what"><bdi>${marked(name)}</bdi><small>${part.content_type}, ${size(part.size, currentLocale())}</small></span>
    <a class="btn small" href=${url} download=${name} aria-label=${t("files.download", { name })}>${t("do.download")}</a></li>`;
}
