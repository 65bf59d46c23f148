// Marked places of a text (`start`, `end`, `kind`), carried along by what is written. Pure.
import { charMap } from "./alignment.js";
import { pointsOf, unitsOf } from "./insert.js";

/** As the server counts (code points) -> as JavaScript's strings do; and the other way. */
export const spansInUnits = (spans, text) => spans.map(({ start, end, kind }) => (
  { start: unitsOf(text, start), end: unitsOf(text, end), kind }));
export const spansInPoints = (spans, text) => spans.map(({ start, end, kind }) => (
  { start: pointsOf(text, start), end: pointsOf(text, end), kind }));

/** The stretch around character `at` that was written over, and what stands there now: `from`, `to`, `newFrom`, `newTo`. */
function writtenOver(map, at, length) {
  let from = at;
  let to = at + 1;
  while (from > 0 && map[from - 1] < 0) from--;
  while (to < map.length && map[to] < 0) to++;
  return { from, to, newFrom: from ? map[from - 1] + 1 : 0, newTo: to < map.length ? map[to] : length };
}

/** Where a span begins; of a stretch that began before it, letter for letter. */
function startOf(map, start, length) {
  if (map[start] >= 0) return map[start];
  const { from, newFrom, newTo } = writtenOver(map, start, length);
  return Math.min(newFrom + start - from, newTo);
}

function endOf(map, end, length) {
  const last = end - 1;
  if (map[last] >= 0) return map[last] + 1;
  const { from, to, newFrom, newTo } = writtenOver(map, last, length);
  return to === end ? newTo : Math.min(newFrom + end - from, newTo);
}

/** What one of the two lists marks is marked: those that share letters become one, of the first one's kind. */
export function joinSpans(spans, more) {
  const joined = more.reduce((all, one) => {
    const near = [one, ...all.filter(({ start, end }) => start < one.end && one.start < end)];
    const [start, end] = [Math.min(...near.map((each) => each.start)), Math.max(...near.map((each) => each.end))];
    return [...all.filter((each) => !near.includes(each)), { ...(near[1] ?? one), start, end }];
  }, spans);
  return joined.sort((a, b) => a.start - b.start);
}

/** Spans carried from one text to the next; one of which nothing is left is gone.
 *  What is written over an edge of a span belongs to it: a name is corrected at its first letter, too. */
export function carrySpans(spans, before, after) {
  if (!spans.length || before === after) return spans;
  const map = charMap(before, after);
  return spans.flatMap((span) => {
    const [start, end] = [startOf(map, span.start, after.length), endOf(map, span.end, after.length)];
    return start < end ? [{ ...span, start, end }] : [];
  });
}
