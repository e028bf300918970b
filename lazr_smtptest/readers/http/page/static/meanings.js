// What the server says, explained: replies, irregularities, settings.

import { get } from "./api.js";
import { addTexts, currentLocale } from "./lang.js";

let loading = null;

/** Load the explanations, once; without them the keys of their texts would be shown. */
export function loadMeanings() {
  loading ??= get("meanings", { language: currentLocale().slice(0, 2) }).then(addTexts, (problem) => {
    loading = null;
    throw problem;
  });
  return loading;
}

/** Return what a promise brings, when that can be explained. */
export async function explained(promise) {
  const [found] = await Promise.all([promise, loadMeanings()]);
  return found;
}
