// A long text in blocks of lines: a browser lays out those alone that are seen.

// Lines of a block, and characters, after which a line without end goes on in the next.
const LINES = 200;
const LONGEST = 10_000;

/**
 * Return a text in blocks, which together are the text.
 * @param {string} text - of any length.
 * @returns {string[]} each ends with a line, or within one that is too long for a block.
 */
export function blocksOf(text) {
  const blocks = [];
  for (let start = 0; start < text.length; ) {
    const end = endOfBlock(text, start);
    blocks.push(text.slice(start, end));
    start = end;
  }
  return blocks;
}

function endOfBlock(text, start) {
  let end = start;
  for (let line = 0; line < LINES && end < text.length; line += 1) {
    const next = text.indexOf("\n", end) + 1 || text.length;
    if (next - start > LONGEST) return end > start ? end : within(text, start + LONGEST);
    end = next;
  }
  return end;
}

/** Return a place that is not between the two halves of a character. */
function within(text, place) {
  return /[\udc00-\udfff]/.test(text.charAt(place)) ? place - 1 : place;
}

/**
 * Return a function that finds the block of a place; each place is after the one before.
 * @param {string[]} blocks - as `blocksOf` returns them.
 * @returns {function(number): [number, number]} the index of the block, and the place in it.
 */
export function finderOf(blocks) {
  let index = 0;
  let before = 0;
  return (place) => {
    while (index < blocks.length - 1 && place >= before + blocks[index].length) {
      before += blocks[index].length;
      index += 1;
    }
    return [index, place - before];
  };
}
