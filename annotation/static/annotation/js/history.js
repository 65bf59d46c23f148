// What was typed, word by word, so that one step back takes back one word, one paste or one picked word: never
// half a word, never more than the last edit. Pure. (The browser's own undo takes back all that was typed since
// the caret last moved, and forgets everything when a program changes the text.)
const MOST_STEPS = 1000;
const LETTER = /[\p{L}\p{N}'’_-]/u;
const ALONE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}]/u;
const isLetter = (character) => LETTER.test(character) && !ALONE.test(character);

/** What lies between two texts: at `at`, `removed` gave way to `inserted`, which ends at or before the caret. */
export function difference(before, after, caret = after.length) {
  const limit = Math.min(before.length, after.length);
  let tail = 0;
  while (tail < limit && tail < after.length - caret && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  let head = 0;
  while (head < limit - tail && before[head] === after[head]) head++;
  while (tail < limit - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  return { at: head, removed: before.slice(head, before.length - tail), inserted: after.slice(head, after.length - tail) };
}

export function createHistory(first) {
  let text = first;
  let past = [];
  let future = [];
  let run = null; // the word that is being typed or deleted: { kind, from, end, closed }

  const open = (kind, from, end, closed) => {
    past.push(text);
    if (past.length > MOST_STEPS) past = past.slice(-MOST_STEPS);
    run = { kind, from, end, closed };
  };

  function type({ at, removed, inserted }) {
    const letter = isLetter(inserted);
    const goesOn = run?.kind === "type" && !removed && at === run.end && !(letter && run.closed) && !ALONE.test(inserted);
    if (!goesOn) open("type", at, at, false);
    run.end = at + inserted.length;
    if (ALONE.test(inserted)) run = null; // a hanzi is a word
    else if (!letter) run.closed = true; // what follows a space is the next word; the space belongs to this one
  }

  function erase({ at, removed }) {
    const ofThisWord = run?.kind === "type" && at + removed.length === run.end && at >= run.from;
    if (ofThisWord) { // a slip while typing: still the same word
      run.end = at;
      return;
    }
    const touches = run?.kind === "erase" && (at + removed.length === run.from || at === run.from);
    if (!(touches && isLetter(removed) && !run.closed)) open("erase", at, at, !isLetter(removed));
    run.from = at;
  }

  function move(from, to) {
    if (!from.length) return null;
    to.push(text);
    const before = text;
    text = from.pop();
    run = null;
    const { at, inserted } = difference(before, text);
    return { text, caret: at + inserted.length };
  }

  return {
    /** The text as it is now. `single`: one key was pressed, so that it may belong to the word before it. */
    record(now, { single = false, caret = now.length } = {}) {
      if (now === text) return;
      const change = difference(text, now, caret);
      future = [];
      if (single && change.inserted.length === 1) type(change);
      else if (single && !change.inserted && change.removed.length === 1) erase(change);
      else {
        open("whole", 0, 0, true);
        run = null;
      }
      text = now;
      if (past.at(-1) !== text) return;
      past.pop(); // typed and taken back: nothing happened
      run = null;
    },
    /** The caret was set elsewhere: what is typed there is another edit. */
    pause() { run = null; },
    undo: () => move(past, future),
    redo: () => move(future, past),
  };
}
