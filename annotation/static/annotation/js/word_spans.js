// Which words lie under a selection, and where they are heard. Pure: words carry from/to (characters) and
// start_ms/end_ms.
const PAUSE_MS = 300; // a silence that parts two phrases

const timed = (word) => word.start_ms !== null && word.end_ms > word.start_ms;

/** The words that a selection touches; for a mere caret the word that it stands in or just behind. */
export function wordsAt(words, from, to) {
  if (to > from) return words.filter((word) => word.from < to && from < word.to);
  const within = words.find((word) => word.from <= from && from < word.to);
  const word = within ?? words.find((one) => one.to === from && one.from < from);
  return word ? [word] : [];
}

/** [from, to] in milliseconds around the words, null when none of them has a time. */
export function spanOf(words, aroundMs) {
  const heard = words.filter(timed);
  if (!heard.length) return null;
  return [
    Math.max(0, Math.min(...heard.map((word) => word.start_ms)) - aroundMs),
    Math.max(...heard.map((word) => word.end_ms)) + aroundMs,
  ];
}

/** [from, to] of the phrase that is heard at `ms`, or was heard last: what lies between two pauses. */
export function phraseAt(words, ms) {
  const phrases = [];
  for (const word of words.filter(timed)) {
    const last = phrases.at(-1);
    if (last && word.start_ms - last[1] < PAUSE_MS) last[1] = Math.max(last[1], word.end_ms);
    else phrases.push([word.start_ms, word.end_ms]);
  }
  return phrases.filter(([from]) => from <= ms).at(-1) ?? phrases[0] ?? null;
}
