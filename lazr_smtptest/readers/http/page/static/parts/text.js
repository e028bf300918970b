// A text of any length, and the places in it that are coloured or found.

import { html } from "../vendor/lit.js";
import { blocksOf, finderOf } from "../logic/blocks.js";

/** Return a text in blocks, for an element that keeps the ends of lines. */
export function textBlocks(text) {
  return blocksOf(text).map((each) => html`<span class="block">${each}</span>`);
}

/**
 * Return ranges of a text that `textBlocks` has drawn.
 * @param {Element} element - what it was drawn into.
 * @param {{start: number, end: number}[]} places - in order, and none over another.
 * @returns {StaticRange[]} they do not follow changes of the document.
 */
export function rangesIn(element, places) {
  const nodes = [...element.querySelectorAll(".block")].map(textOf);
  const find = finderOf(nodes.map((each) => each.data));
  return places.map(({ start, end }) => {
    const [first, startOffset] = find(start);
    const [last, endOffset] = find(end);
    return new StaticRange({
      startContainer: nodes[first], startOffset, endContainer: nodes[last], endOffset,
    });
  });
}

function textOf(block) {
  return [...block.childNodes].find((each) => each.nodeType === Node.TEXT_NODE);
}
