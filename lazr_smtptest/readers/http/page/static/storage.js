// What the browser remembers for this page; a browser may forbid it.

/** Return the remembered text of a key, or null. */
export function remembered(key) {
  try {
    return localStorage.getItem(`smtptest.${key}`);
  } catch {
    return null;
  }
}

/** Remember a text under a key; null: forget it. */
export function remember(key, text) {
  try {
    if (text === null) localStorage.removeItem(`smtptest.${key}`);
    else localStorage.setItem(`smtptest.${key}`, text);
  } catch {
    // Then it lasts as long as the page is open.
  }
}
