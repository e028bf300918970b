// The line above the list: how many there are, what can be done with those selected.

import { html, nothing } from "../vendor/lit.js";
import { t } from "../lang.js";
import { href } from "../route.js";
import { state } from "../state.js";

/**
 * Return the tools of all messages.
 * @param {{text: string, waiting: number, isEmpty: boolean}} shown
 * @param {Object} act - what the buttons call: `showNews`, `readAll`, `removeAll`.
 */
export function tools({ text, waiting, isEmpty }, act) {
  return html`<div class="tools"><span class="of" title=${text}>${text}</span>
    ${waiting ? html`<button class="new" @click=${act.showNews}>${t("list.new", { n: waiting })}</button>` : nothing}
    ${isEmpty ? nothing : html`<button class="btn small" @click=${act.readAll}>${t("do.read-all")}</button>
      <button class="btn small bad" @click=${act.removeAll}>${t("do.delete-all")}</button>`}</div>`;
}

/**
 * Return the tools of the selected messages.
 * @param {string[]} ids
 * @param {boolean} areSeen - whether all of them are read.
 * @param {Object} act - what the buttons call: `selectAll`, `toggleSeen`, `startTagging`,
 *   `remove`, `clear`.
 */
export function selectionTools(ids, areSeen, act) {
  const text = t("list.selected", { n: ids.length });
  return html`<div class="tools selection" role="toolbar" aria-label=${t("list.selection")}>
    <span class="of" title=${text}>${text}</span>
    <button class="btn small" @click=${act.selectAll}>${t("do.all")}</button>
    <button class="btn small" @click=${act.toggleSeen}>${areSeen ? t("do.unread") : t("do.read")}</button>
    ${ids.length === 2 ? html`<a class="btn small" href=${href(["compare", ...ids.reverse()])}
      >${t("do.compare")}</a>` : nothing}
    <button class="btn small" @click=${act.startTagging}>${t("do.tag")}</button>
    <button class="btn small bad" @click=${act.remove}>${t("do.delete")}</button>
    <button class="btn small icon" aria-label=${t("do.clear-selection")} @click=${act.clear}>×</button></div>`;
}

/**
 * Return the form that adds a tag.
 * @param {string} what - the messages that get it.
 * @param {Object} act - `tag` gets the name, or an empty one.
 */
export function tagging(what, act) {
  return html`<form class="tools tagging" @submit=${(event) => {
    event.preventDefault();
    act.tag(event.target.elements.tag.value.trim());
  }}><span class="of">${what}</span>
    <input name="tag" list="known-tags" aria-label=${t("list.tag")} placeholder=${t("list.tag")}
      autocomplete="off" @keydown=${(event) => event.key === "Escape" && act.tag("")}>
    <datalist id="known-tags">${Object.keys(state.tags).map((each) =>
      html`<option value=${each}></option>`)}</datalist>
    <button class="btn small primary">${t("do.tag")}</button></form>`;
}
