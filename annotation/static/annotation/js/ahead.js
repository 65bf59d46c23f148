// What comes next, fetched before it is asked for: page, waveform and sound of the segments that the server
// keeps for this person. Lives as long as the tab does; pages come and go (visit.js). Shows nothing by itself:
// a page is given out only when the server has said that its segment is now claimed, unchanged.
import { postJson } from "./api.js";

const TOO_OLD_MS = 4 * 60_000; // within a lease

const kept = new Map(); // address -> { mark, fetchedAt, page: Promise<Document | null> }
const waveforms = new Map(); // address -> Promise<{ peaks } | null>; never changes, so as many as come
const MOST_WAVEFORMS = 20;

const low = (url, read) => fetch(url, { priority: "low", credentials: "same-origin" })
  .then((response) => (response.ok && !response.redirected ? read(response) : null))
  .catch(() => null);

function fetchAll({ page, mark, peek, peaks, audio }) {
  kept.set(page, {
    mark,
    fetchedAt: Date.now(),
    page: low(peek, (response) => response.text()).then(
      (text) => text && new DOMParser().parseFromString(text, "text/html"),
    ),
  });
  waveforms.set(peaks, low(peaks, (response) => response.json()));
  if (waveforms.size > MOST_WAVEFORMS) waveforms.delete(waveforms.keys().next().value);
  low(audio, (response) => response.blob()); // stays in the browser's cache
}

const isFresh = (one, mark) => one.mark === mark && Date.now() - one.fetchedAt < TOO_OLD_MS;

/** Has the next segments reserved and fetches those that are not here yet. */
export async function fetchAhead(url) {
  let ahead;
  try {
    ({ ahead } = await postJson(url));
  } catch {
    return; // nothing was promised: the next page comes when it is asked for
  }
  const wanted = new Map(ahead.map((one) => [one.page, one]));
  for (const [page, one] of kept) {
    if (!wanted.has(page) || !isFresh(one, wanted.get(page).mark)) kept.delete(page);
  }
  for (const one of ahead) if (!kept.has(one.page)) fetchAll(one);
}

/** A segment's waveform; none where the server has none. */
export const peaksAt = async (url) =>
  (await waveforms.get(url)) ?? fetch(url).then((response) => (response.ok ? response.json() : { peaks: [] }));

/** The page at `url` as it was fetched ahead, if it is still what the server would send; once. */
export async function takePage(url, mark) {
  const one = kept.get(url);
  kept.delete(url);
  return one && isFresh(one, mark) ? one.page : null;
}
