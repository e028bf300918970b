// The keys of the page: what they do, and the list that "?" shows.

/**
 * @typedef {Object} Key
 * @property {string} keys - such as "j", "Shift+j" or "g i", one after the other.
 * @property {string} label - the key of its text in the language files.
 * @property {function(): void} run - what it does.
 */

// After this many milliseconds the first key of two is forgotten.
const PATIENCE = 3000;

const registered = new Set();
let first = "";
let timer = 0;

/** Add keys; return the function that removes them. */
export function addKeys(keys) {
  keys.forEach((each) => registered.add(each));
  return () => keys.forEach((each) => registered.delete(each));
}

/** Return all keys that do something now, in the order in which they were added. */
export function allKeys() {
  return [...registered];
}

function nameOf(event) {
  return event.key === " " ? "Space" : event.key;
}

function isTyping(target) {
  return target.matches?.("input:not([type=checkbox]), textarea, select") ?? false;
}

/** Whether a key does something in the element that has the focus: it is not ours then. */
function isTaken({ key, target }) {
  // The focus stays in a dialog that was closed until the browser draws again.
  if (target.closest?.("dialog:not([open])")) return false;
  if (isTyping(target) || target.closest?.("dialog")) return true;
  const moves = key.startsWith("Arrow") ? ", [tabindex]:not([role=listbox], main)" : "";
  return (moves || key === "Enter") && target.closest?.(`a, button, summary, input${moves}`);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTaken(event)) return;
  const name = nameOf(event);
  const found = find(`${first} ${name}`.trim()) ?? find(name);
  clearTimeout(timer);
  first = "";
  if (found) {
    event.preventDefault();
    found.run();
  } else if ([...registered].some((each) => each.keys.startsWith(`${name} `))) {
    first = name;
    timer = setTimeout(() => (first = ""), PATIENCE);
  }
});

function find(keys) {
  // The last one wins: that of the view in front.
  return [...registered].reverse().find((each) => each.keys.split(", ").includes(keys));
}
