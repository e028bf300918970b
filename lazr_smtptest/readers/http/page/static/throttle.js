// Work that is asked for more often than it is needed.

/**
 * Return a function that calls another one at once, but never twice at the same time,
 * and not more often than every `pause` milliseconds; the last request is never lost.
 * @param {function(): (Promise|void)} work - its errors are its own.
 * @param {number} pause - milliseconds.
 */
export function throttled(work, pause) {
  let isBusy = false;
  let isWanted = false;
  async function run() {
    isBusy = true;
    isWanted = false;
    try {
      await work();
    } finally {
      setTimeout(() => {
        isBusy = false;
        if (isWanted) run();
      }, pause);
    }
  }
  return () => {
    isWanted = true;
    if (!isBusy) run();
  };
}

/** Return a function that calls another one when it has not been called for `pause` ms. */
export function delayed(work, pause) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...given), pause);
  };
}
