// What became of a session, in the language of the page.

import { t } from "./lang.js";
import { outcomeIn } from "./logic/outcome.js";

/** Return what decided a session; see `outcomeIn`. */
export function outcomeOf(session, last = "") {
  return outcomeIn(session, t, last);
}
