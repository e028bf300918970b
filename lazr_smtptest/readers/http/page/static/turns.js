// Work that waits for the work before it.

/**
 * Return a function that does things one after the other: an answer that is late does not
 * undo what was heard of since it was asked for.
 */
export function inTurn() {
  let last = Promise.resolve();
  return (work) => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };
}
