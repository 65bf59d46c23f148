// What a person has changed, as pairs of what the draft said and what stands there now. Pure.
const MOST_WORDS = 6; // more is another sentence, not a wrong word

/** Runs of changed words: { first, last, from, to }, indices of words and characters of the text as it is now. */
export function changedRuns(current, text) {
  const runs = [];
  for (let i = 0; i < current.length; i++) {
    if (!current[i].touched) continue;
    const first = i;
    while (i + 1 < current.length && current[i + 1].touched) i++;
    let from = first > 0 ? current[first - 1].to : 0;
    let to = i + 1 < current.length ? current[i + 1].from : text.length;
    while (from < to && /\s/.test(text[from])) from++;
    while (to > from && /\s/.test(text[to - 1])) to--;
    runs.push({ first, last: i, from, to });
  }
  return runs;
}

/** [{ wrong, right }] for each run that replaced few words by something. */
export function correctionsOf(located, current, draft, text) {
  return changedRuns(current, text)
    .filter(({ first, last }) => last - first < MOST_WORDS)
    .map(({ first, last, from, to }) => ({
      wrong: draft.slice(located[first].from, located[last].to).trim(),
      right: text.slice(from, to),
    }))
    .filter(({ wrong, right }) => wrong && right && wrong !== right);
}
