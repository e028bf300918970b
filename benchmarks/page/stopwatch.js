// A stopwatch in the page: times as a person sees them, from a key to the frame in which
// its effect is painted. It is loaded before the scripts of the page.

window.stopwatch = (() => {
  // Milliseconds after which something has failed.
  const PATIENCE = 60_000;
  const listened = { capture: true, passive: true };
  let pressed = 0;
  let result = null;
  document.addEventListener("keydown", (event) => (pressed = event.timeStamp), listened);

  /** Return the time when the frame that is drawn next is there. */
  function painted() {
    return new Promise((resolve) => {
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => resolve(performance.now());
        channel.port2.postMessage(null);
      });
    });
  }

  /**
   * Return the time when a frame is painted in which a condition holds; it is evaluated
   * after each change of the document and each load of a frame, whose event it gets.
   */
  function when(condition) {
    return new Promise((resolve, reject) => {
      const look = (event) => {
        if (!condition(event instanceof Event ? event : null)) return;
        stop();
        resolve(painted());
      };
      const stop = () => {
        clearTimeout(timer);
        observer.disconnect();
        document.removeEventListener("load", look, listened);
      };
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`this never came true: ${condition}`));
      }, PATIENCE);
      const observer = new MutationObserver(look);
      document.addEventListener("load", look, listened);
      observer.observe(document, {
        attributes: true, characterData: true, childList: true, subtree: true,
      });
      look();
    });
  }

  /** How long the frames were, in milliseconds, until `stop` is called. */
  class Frames {
    #last = performance.now();
    #times = [];
    #isOver = false;

    constructor() {
      requestAnimationFrame(() => this.#next());
    }

    #next() {
      const now = performance.now();
      this.#times.push(now - this.#last);
      this.#last = now;
      if (!this.#isOver) requestAnimationFrame(() => this.#next());
    }

    stop() {
      this.#isOver = true;
      return this.#times;
    }
  }

  /** Return the time of the first frame that has anything in it. */
  function firstPaint() {
    return new Promise((resolve) => {
      new PerformanceObserver((list) => {
        const [found] = list.getEntriesByName("first-contentful-paint");
        if (found) resolve(found.startTime);
      }).observe({ type: "paint", buffered: true });
    });
  }

  function rowCount() {
    return document.querySelectorAll(".row").length;
  }

  /** Return whether there are such elements, and all have a text in them. */
  function every(selector, text) {
    const found = [...document.querySelectorAll(selector)];
    return found.length > 0 && found.every((each) => each.textContent.includes(text));
  }

  let frames = null;
  return {
    rows: when(() => rowCount() > 0),
    rowCount,
    every,
    firstPaint: firstPaint(),
    /** Note when the next key is pressed, and when a condition holds from then on. */
    start(condition) {
      pressed = 0;
      result = when((event) => pressed > 0 && condition(event)).then((end) => end - pressed);
    },
    /** Return the milliseconds from the key to its effect. */
    lap: () => result,
    startFrames: () => void (frames = new Frames()),
    stopFrames: () => frames.stop(),
    when,
  };
})();
