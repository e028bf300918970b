// The number of unread messages in the title, and notifications of new mail, if asked.

import { feed } from "../feed.js";
import { get } from "../api.js";
import { t } from "../lang.js";
import { go } from "../route.js";
import { remember, remembered } from "../storage.js";
import { state } from "../state.js";
import { throttled } from "../throttle.js";

const CHOICE = "notices";
const PAUSE = 2000;

/** Return whether notices were asked for. */
export function areNoticesOn() {
  return remembered(CHOICE) === "on";
}

/** Ask for notices, or for none; return whether they are on then. */
export async function chooseNotices(isOn) {
  remember(CHOICE, isOn ? "on" : "off");
  showCount();
  if (isOn && globalThis.Notification) await Notification.requestPermission();
}

function showCount() {
  const unread = areNoticesOn() ? state.counts?.unread : 0;
  document.title = unread ? `(${unread}) smtptest` : "smtptest";
}

const notify = throttled(async () => {
  if (!areNoticesOn() || !document.hidden || globalThis.Notification?.permission !== "granted") return;
  const [message] = (await get("messages", { limit: 1, timeout: 1 })).messages;
  if (message) {
    const body = message.subject || t("row.no-subject");
    // One notice takes the place of the one before.
    const notice = new Notification(message.rcpt_tos[0] ?? t("row.no-recipient"), { body, tag: "smtptest" });
    notice.onclick = () => {
      window.focus();
      notice.close();
      go(["messages", message.id]);
    };
  }
}, PAUSE);

state.addEventListener("change", showCount);
feed.addEventListener("kept", notify);
// What is known may have come before this.
showCount();
