// The differences of two texts: lines, and words within lines that were changed.
//
// Lines that each text has once, and in the same order, are taken as unchanged first
// (patience); what is between them is compared by the algorithm of Myers, up to a number
// of differences. Beyond it everything between counts as changed: so two texts of
// megabytes without anything in common take no longer than reading them.

// The most differences that are looked for between two unchanged places. The memory of
// the search is a few times its square.
const MOST_DIFFERENCES = 300;

// Items that may be looked at, for each item of the two lists: hostile texts have anchors
// in ever smaller ranges.
const MOST_LOOKS = 40;

// Longer lines are not compared word by word.
const MOST_WORDS = 2000;

const WORD = /\s+|[\p{L}\p{N}_]+|[^]/gu;

/**
 * Return the pairs of equal items of two lists, both indexes ascending.
 * @param {Array} left - items that `===` compares.
 * @param {Array} right - the same.
 * @returns {[number, number][]}
 */
export function matches(left, right) {
  const pairs = [];
  // Ranges that are still to be compared; the last one is next.
  const ranges = [[0, left.length, 0, right.length]];
  let looks = MOST_LOOKS * (left.length + right.length);
  while (ranges.length) {
    let [start, end, from, to] = ranges.pop();
    const ending = [];
    while (start < end && from < to && left[start] === right[from]) pairs.push([start++, from++]);
    while (start < end && from < to && left[end - 1] === right[to - 1]) ending.push([--end, --to]);
    // What is equal at the end of a range comes after what is within it.
    for (const pair of ending) ranges.push([pair[0], pair[0] + 1, pair[1], pair[1] + 1]);
    if (start === end || from === to || looks < 0) continue;
    looks -= end - start + to - from;
    const anchors = anchorsOf(left, start, end, right, from, to);
    if (anchors.length === 0) {
      for (const pair of shortest(left, start, end, right, from, to)) pairs.push(pair);
      continue;
    }
    const inner = [];
    for (const [a, b] of anchors) {
      inner.push([start, a, from, b], [a, a + 1, b, b + 1]);
      [start, from] = [a + 1, b + 1];
    }
    inner.push([start, end, from, to]);
    for (const range of inner.reverse()) ranges.push(range);
  }
  return pairs;
}

/** Return the places of items that both ranges have once, in the same order. */
function anchorsOf(left, start, end, right, from, to) {
  const places = new Map();
  const note = (item, side, index) => {
    const place = places.get(item) ?? [0, 0, 0, 0];
    place[side] += 1;
    place[side + 2] = index;
    places.set(item, place);
  };
  for (let index = start; index < end; index += 1) note(left[index], 0, index);
  for (let index = from; index < to; index += 1) note(right[index], 1, index);
  const once = [];
  for (const [inLeft, inRight, a, b] of places.values()) {
    if (inLeft === 1 && inRight === 1) once.push([a, b]);
  }
  return increasing(once);
}

/** Return the longest part of pairs, by their first index, whose second one ascends. */
function increasing(pairs) {
  const tails = [];
  const before = new Array(pairs.length);
  pairs.forEach(([, b], index) => {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pairs[tails[middle]][1] < b) low = middle + 1;
      else high = middle;
    }
    before[index] = low > 0 ? tails[low - 1] : -1;
    tails[low] = index;
  });
  const found = [];
  for (let index = tails.at(-1) ?? -1; index >= 0; index = before[index]) found.push(pairs[index]);
  return found.reverse();
}

/** Return the pairs of two ranges with the fewest differences; none if they are too many. */
function shortest(left, start, end, right, from, to) {
  const [n, m] = [end - start, to - from];
  const most = Math.min(n + m, MOST_DIFFERENCES);
  // By diagonal, the farthest place in the left range; each step keeps a copy.
  const farthest = new Int32Array(2 * most + 3);
  const middle = most + 1;
  const steps = [];
  for (let d = 0; d <= most; d += 1) {
    steps.push(farthest.slice(middle - d - 1, middle + d + 2));
    for (let k = -d; k <= d; k += 2) {
      const goesDown = k === -d || (k !== d && farthest[middle + k - 1] < farthest[middle + k + 1]);
      let x = goesDown ? farthest[middle + k + 1] : farthest[middle + k - 1] + 1;
      while (x < n && x - k < m && left[start + x] === right[from + x - k]) x += 1;
      farthest[middle + k] = x;
      if (x >= n && x - k >= m) return pathOf(steps, n, m).map(([a, b]) => [start + a, from + b]);
    }
  }
  return [];
}

/** Return the pairs on the path that ends at the end of both ranges. */
function pathOf(steps, n, m) {
  const pairs = [];
  let [x, y] = [n, m];
  for (let d = steps.length - 1; d >= 0; d -= 1) {
    const at = (k) => steps[d][k + d + 1];
    const k = x - y;
    const goesDown = k === -d || (k !== d && at(k - 1) < at(k + 1));
    const beforeX = d === 0 ? 0 : goesDown ? at(k + 1) : at(k - 1);
    const beforeY = d === 0 ? 0 : beforeX - (goesDown ? k + 1 : k - 1);
    while (x > beforeX && y > beforeY) pairs.push([--x, --y]);
    [x, y] = [beforeX, beforeY];
  }
  return pairs.reverse();
}

/** Return the lines of a text, without their ends. */
function linesOf(text) {
  return text === "" ? [] : text.split(/\r\n|\r|\n/);
}

/**
 * Compare two texts line by line, for a view side by side.
 * @param {string} left - the text before.
 * @param {string} right - the text after.
 * @returns {{kind: string, left: ?string, right: ?string, leftNumber: number,
 *   rightNumber: number}[]} `kind` is "same", "changed", "removed" or "added"; a side that
 *   has no such line is null, and its number 0.
 */
export function compareLines(left, right) {
  const [a, b] = [linesOf(left), linesOf(right)];
  const rows = [];
  let [x, y] = [0, 0];
  const row = (kind, hasLeft, hasRight) => rows.push({
    kind,
    left: hasLeft ? a[x] : null,
    right: hasRight ? b[y] : null,
    leftNumber: hasLeft ? ++x : 0,
    rightNumber: hasRight ? ++y : 0,
  });
  for (const [nextX, nextY] of [...matches(a, b), [a.length, b.length]]) {
    while (x < nextX && y < nextY) row("changed", true, true);
    while (x < nextX) row("removed", true, false);
    while (y < nextY) row("added", false, true);
    if (nextX < a.length) row("same", true, true);
  }
  return rows;
}

/**
 * Compare two lines word by word.
 * @returns {{kind: string, text: string}[]} `kind` is "same", "removed" or "added".
 */
export function compareWords(left, right) {
  const [a, b] = [left.match(WORD) ?? [], right.match(WORD) ?? []];
  const pieces = [];
  const add = (kind, text) => {
    if (!text) return;
    if (pieces.at(-1)?.kind === kind) pieces.at(-1).text += text;
    else pieces.push({ kind, text });
  };
  const isShort = a.length <= MOST_WORDS && b.length <= MOST_WORDS;
  let [x, y] = [0, 0];
  for (const [nextX, nextY] of [...(isShort ? matches(a, b) : []), [a.length, b.length]]) {
    add("removed", a.slice(x, nextX).join(""));
    add("added", b.slice(y, nextY).join(""));
    if (nextX < a.length) add("same", a[nextX]);
    [x, y] = [nextX + 1, nextY + 1];
  }
  return pieces;
}
