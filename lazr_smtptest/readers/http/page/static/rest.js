// What is not needed to show the list: loaded when that is drawn, or with another place.

import { loadMeanings } from "./meanings.js";
import "./parts/help.js";
import "./parts/login.js";
import "./parts/notice.js";
import "./parts/palette.js";
import "./views/connect.js";
import "./views/message.js";
import "./views/session.js";
import "./views/sessions.js";

loadMeanings().catch(() => {});

// A browser has a process of its own for frames in which nothing may run. To start it takes
// longer than all else that shows a mail: this frame keeps it ready.
const ready = document.createElement("iframe");
ready.hidden = true;
ready.sandbox = "";
ready.src = new URL("icon.svg", import.meta.url);
document.body.append(ready);
