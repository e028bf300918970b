// What is wrong with the layout of a page: a function that returns a text for each fault.

() => {
  const SCROLLS = ["auto", "scroll"];
  const WITHOUT_TEXT = ["SCRIPT", "STYLE", "OPTION", "NOSCRIPT"];
  const CONTROLS = "a[href], button, input, select, textarea, summary";
  // What only a screen reader gets, and the search as it looks at rest, over its field.
  const UNSEEN = ".unseen, .skip, .chips, [hidden]";
  // What lies on something else as it should, while it is open.
  const OVERLAYS = "dialog, .toast, .options, .search-problem";
  const WINDOW = { left: 0, top: 0, right: innerWidth, bottom: innerHeight };

  /** Return what two rectangles have in common. */
  function common(one, other) {
    return {
      left: Math.max(one.left, other.left), right: Math.min(one.right, other.right),
      top: Math.max(one.top, other.top), bottom: Math.min(one.bottom, other.bottom),
    };
  }

  function isSmaller({ left, top, right, bottom }, pixels) {
    return right - left < pixels || bottom - top < pixels;
  }

  function isDrawn(element) {
    return !element.closest(UNSEEN) && element.checkVisibility({
      contentVisibilityAuto: true, opacityProperty: true, visibilityProperty: true });
  }

  function nameOf(element) {
    const text = element.textContent.trim().replace(/\s+/g, " ").slice(0, 40);
    return `<${element.localName} class="${element.className}">${text}`;
  }

  /**
   * Return what is seen of a rectangle in an element, and whether it is cut: by an element
   * that cannot be scrolled, and has no ellipsis.
   */
  function seenOf(rectangle, element) {
    let { left, right, top, bottom } = rectangle;
    let isCut = false;
    for (let box = element; box !== document.body; box = box.parentElement) {
      const style = getComputedStyle(box);
      if (["inline", "contents"].includes(style.display)) continue;
      const inner = box.getBoundingClientRect();
      // A flexible box draws none.
      const hasSign = (style.textOverflow === "ellipsis" && !style.display.endsWith("flex"))
        || style.webkitLineClamp !== "none";
      if (style.overflowX !== "visible") {
        const isOver = right > inner.right + 1 || left < inner.left - 1;
        isCut ||= isOver && !hasSign && !SCROLLS.includes(style.overflowX);
        [left, right] = [Math.max(left, inner.left), Math.min(right, inner.right)];
      }
      if (style.overflowY !== "visible") {
        const isOver = bottom > inner.bottom + 3 || top < inner.top - 3;
        isCut ||= isOver && !hasSign && !SCROLLS.includes(style.overflowY);
        [top, bottom] = [Math.max(top, inner.top), Math.min(bottom, inner.bottom)];
      }
      if (style.position === "fixed") break;
    }
    const rest = { left, right, top, bottom };
    const seen = common(rest, WINDOW);
    const isOutside = left < -1 || top < -3 || right > innerWidth + 1 || bottom > innerHeight + 3;
    return { seen, isCut: isCut || (isOutside && !isSmaller(rest, 1)) };
  }

  function* wideFaults() {
    const { scrollWidth, scrollHeight } = document.documentElement;
    if (scrollWidth > innerWidth) yield `the page is ${scrollWidth} pixels wide`;
    if (scrollHeight > innerHeight) yield `the page is ${scrollHeight} pixels high`;
    for (const each of document.querySelectorAll(".pane, .head, .side")) {
      if (each.scrollWidth > each.clientWidth + 1) yield `scrolls sideways: ${nameOf(each)}`;
    }
  }

  function* textFaults() {
    const lines = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const element = node.parentElement;
      if (!node.data.trim() || WITHOUT_TEXT.includes(element.tagName) || !isDrawn(element)) continue;
      const range = new Range();
      range.selectNodeContents(node);
      for (const line of range.getClientRects()) {
        const { seen, isCut } = seenOf(line, element);
        if (isCut) yield `cut: ${nameOf(element)}`;
        // Letters are lower than their lines.
        const { left, right, top, bottom, height } = line;
        const letters = { left, right, top: top + height / 4, bottom: bottom - height / 4 };
        lines.push({ node, element, letters: common(letters, seen) });
      }
    }
    yield* overlaps(lines);
  }

  function* overlaps(lines) {
    for (const [index, one] of lines.entries()) {
      for (const other of lines.slice(index + 1)) {
        if (one.node === other.node || isSmaller(common(one.letters, other.letters), 1)) continue;
        if (one.element.closest(OVERLAYS) !== other.element.closest(OVERLAYS)) continue;
        yield `on one another: ${nameOf(one.element)} and ${nameOf(other.element)}`;
      }
    }
  }

  function* controlFaults() {
    const open = document.querySelector("dialog[open]") ?? document;
    for (const each of open.querySelectorAll(CONTROLS)) {
      if (!isDrawn(each)) continue;
      const [line] = each.getClientRects();
      const { seen, isCut } = seenOf(line, each);
      if (isCut) yield `cut: ${nameOf(each)}`;
      if (each.scrollWidth > each.clientWidth + 1 && each.localName === "button") {
        yield `its text is wider: ${nameOf(each)}`;
      }
      // Whoever sees a part of it scrolls to the rest.
      if (isSmaller(seen, 8)) continue;
      for (const [x, y] of [[0.5, 0.5], [0.2, 0.3], [0.8, 0.7]]) {
        const hit = document.elementFromPoint(
          seen.left + x * (seen.right - seen.left), seen.top + y * (seen.bottom - seen.top));
        const isReached = hit && (each.contains(hit) || hit.contains(each));
        if (!isReached) yield `under ${hit ? nameOf(hit) : "nothing"}: ${nameOf(each)}`;
      }
    }
  }

  function* hintFaults() {
    const pen = document.createElement("canvas").getContext("2d");
    for (const each of document.querySelectorAll("input:placeholder-shown")) {
      const { textOverflow, paddingLeft, paddingRight } = getComputedStyle(each);
      if (!isDrawn(each) || textOverflow === "ellipsis") continue;
      pen.font = getComputedStyle(each, "::placeholder").font;
      const room = each.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
      const isCut = pen.measureText(each.placeholder).width > room + 1;
      if (isCut) yield `cut: ${nameOf(each)}${each.placeholder}`;
    }
  }

  return [...new Set([...wideFaults(), ...textFaults(), ...controlFaults(), ...hintFaults()])];
}
