// What is not needed to show the list: loaded when that is drawn, or with another place.

import "./parts/help.js";
import "./parts/login.js";
import "./parts/palette.js";
import "./views/connect.js";
import "./views/message.js";
import "./views/session.js";
import "./views/sessions.js";
