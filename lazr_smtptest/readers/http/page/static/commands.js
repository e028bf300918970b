// What is done with messages: some, or all that a search finds.

import { changeMessages, get, removeMessages } from "./api.js";
import { t } from "./lang.js";
import { ask } from "./parts/ask.js";
import { attempt, toast } from "./parts/toast.js";

/** Change flags and tags of messages; see `changeMessages`. */
export function change(ids, changes) {
  return attempt(() => changeMessages({ ids }, changes));
}

/** Delete messages, and tell how many. */
export function remove(selection) {
  return attempt(async () => {
    const done = await removeMessages(selection);
    toast(t("list.deleted", { n: done.messages }));
  });
}

/** Mark all messages that a query finds as read, loaded or not; asks before. */
export function readAll(query) {
  return attempt(async () => {
    const n = await countOf(query);
    if (!n || !await ask(t("list.ask-read", { n }), t("key.read-all"))) return;
    await changeMessages({ query }, { set_flags: ["seen"] });
  });
}

/** Delete all messages that a query finds, loaded or not; asks before. */
export function removeAll(query) {
  return attempt(async () => {
    const n = await countOf(query);
    const text = t(query ? "list.ask-found" : "list.ask-all", { n });
    if (n && await ask(text, t("do.delete"))) await remove({ query });
  });
}

async function countOf(query) {
  return (await get("counts", { query, timeout: 1 })).matching;
}
