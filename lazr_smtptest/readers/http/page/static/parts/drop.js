// Messages in files, dropped anywhere on the page or chosen: the server keeps them.

import { request } from "../api.js";
import { t } from "../lang.js";
import { envelopeOf } from "../logic/eml.js";
import { go } from "../route.js";
import { attempt, toast } from "./toast.js";

const IS_MESSAGE = /\.eml$/i;
// Bytes of a header that are read.
const MOST = 1 << 20;

/** Return the bytes of a file in Base64. */
export async function base64(file) {
  return new Uint8Array(await file.arrayBuffer()).toBase64();
}

/** Give a message to the server as if a client had sent it, and return its id. */
async function keep(file) {
  const fields = envelopeOf(await file.slice(0, MOST).text());
  const content = await base64(new Blob([fields, file]));
  const { id } = await request("POST", "messages", { body: { content } });
  return id;
}

/** Keep the messages in files, show the last one, and tell of those that are none. */
export async function keepFiles(files) {
  let last = null;
  for (const file of files) {
    if (IS_MESSAGE.test(file.name) || file.type === "message/rfc822") {
      last = (await attempt(() => keep(file))) ?? last;
    } else {
      toast(t("drop.no-message", { name: file.name }), "bad");
    }
  }
  if (last === null) return;
  toast(t("send.done"));
  go(["messages", last]);
}

function hasFiles(event) {
  return [...(event.dataTransfer?.types ?? [])].includes("Files");
}

// Without them the browser would leave the page for the file.
addEventListener("dragover", (event) => {
  if (hasFiles(event)) event.preventDefault();
});
addEventListener("drop", (event) => {
  if (!hasFiles(event) || event.defaultPrevented) return;
  event.preventDefault();
  keepFiles(event.dataTransfer.files);
});
