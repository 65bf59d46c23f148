// A final text as parts: words that the recogniser named, each with how sure it was, and what is between them.
const DOUBT = [0.75, 0.55, 0.35, 0.15]; // as on the correction page

/** `heard` is what the recogniser wrote, `text` what stands there now: the words around a change keep their doubt. */
export function partsOf(text, words, heard = text) {
  if (text === heard) return split(text, words);
  let from = 0, to = 0;
  const most = Math.min(text.length, heard.length);
  while (from < most && text[from] === heard[from]) from++;
  while (to < most - from && text.at(-1 - to) === heard.at(-1 - to)) to++;
  const parts = split(heard, words);
  let at = 0;
  const places = parts.map((part) => ({ ...part, at, to: (at += part.text.length) }));
  const before = places.filter((part) => part.to <= from), after = places.filter((part) => part.at >= heard.length - to);
  const start = before.at(-1)?.to ?? 0, end = heard.length - (after[0]?.at ?? heard.length);
  return [...before, { text: text.slice(start, text.length - end), corrected: true }, ...after].filter((part) => part.text);
}

function split(text, words) {
  const parts = [];
  let at = 0;
  for (const word of words) {
    const spelled = word.text.trim();
    const found = spelled ? text.indexOf(spelled, at) : -1;
    if (found < 0) continue;
    if (found > at) parts.push({ text: text.slice(at, found) });
    parts.push({ text: spelled, word });
    at = found + spelled.length;
  }
  return at < text.length ? [...parts, { text: text.slice(at) }] : parts;
}

/** [[believed, right], …] of the site's corrections, rising: what a recogniser's own figure has been worth. */
export function calibrated(probability, curve) {
  if (probability == null || !curve.length) return probability ?? null;
  const above = curve.findIndex(([believed]) => believed >= probability);
  if (above < 0) return curve.at(-1)[1];
  if (above === 0) return curve[0][1];
  const [[x0, y0], [x1, y1]] = [curve[above - 1], curve[above]];
  return x1 > x0 ? y0 + ((probability - x0) / (x1 - x0)) * (y1 - y0) : y1;
}

export const doubtOf = (probability) =>
  probability === null ? 0 : DOUBT.filter((edge) => probability < edge).length;

/** A part of a text on the page; `at`: its place among the parts, by which correct.js finds it again. */
export function elementOf({ text, word, corrected }, at, { curve, strings }) {
  const span = document.createElement("span");
  span.textContent = text;
  if (!word && !corrected) return span;
  span.className = corrected ? "word corrected" : "word";
  span.dataset.part = at;
  span.tabIndex = -1; // reached with the arrow keys from the column
  if (corrected) span.title = strings.corrected;
  const probability = calibrated(word?.probability, curve);
  if (!doubtOf(probability)) return span;
  span.dataset.doubt = doubtOf(probability);
  span.title = strings.sure.replace("{percent}", Math.round(probability * 100));
  return span;
}
