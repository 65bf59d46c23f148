// Sound that the server has not acknowledged yet also lies in IndexedDB: a reload or a crash loses at most its
// last half second. Kept by take (one press of the button), person and site; gone with the acknowledgement.
const NAME = "auscult-live";
const EVERY_MS = 500;
const LONGEST_MS = 24 * 3600 * 1000; // then nobody comes back for it
const GRACE_MS = 60 * 1000; // how long the server keeps a session without a connection

const finished = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});
const rangeOf = (take, from = 0, to = Infinity) => IDBKeyRange.bound([take, from], [take, to]);

async function openDatabase() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("takes", { keyPath: "take" });
    request.result.createObjectStore("frames", { keyPath: ["take", "seq"] });
  };
  return finished(request);
}
const database = openDatabase().catch(() => null); // switched off: the page's own memory is all there is

async function write(change) {
  const open = await database;
  if (!open) return;
  const transaction = open.transaction(["takes", "frames"], "readwrite");
  change(transaction.objectStore("takes"), transaction.objectStore("frames"));
  transaction.commit();
}

export const drop = (take) => write((takes, frames) => { takes.delete(take); frames.delete(rangeOf(take)); });

/** -> {take, session, frames} of this person here that no window holds any more; `own`: this tab's, before. */
export async function left(person, site, own) {
  const open = await database;
  if (!open) return null;
  const takes = await finished(open.transaction("takes").objectStore("takes").getAll());
  const held = new Set((await navigator.locks?.query())?.held.map(({ name }) => name));
  for (const { take, at } of takes) if (Date.now() - at > LONGEST_MS) drop(take);
  const mine = takes.filter((one) => one.person === person && one.site === site && Date.now() - one.at <= LONGEST_MS);
  const found = mine.find(({ take }) => take === own) ?? mine.find(({ take }) => !held.has(take));
  if (!found) return null;
  const frames = await finished(open.transaction("frames").objectStore("frames").getAll(rangeOf(found.take)));
  const goesOn = found.take === own || frames.length || Date.now() - found.at < GRACE_MS;
  if (!goesOn) drop(found.take);
  return goesOn ? { ...found, frames: frames.map(({ seq, pcm }) => ({ seq, pcm })) } : null;
}

/** Follows the link's backlog. */
export function keep(link, take, person, site) {
  const release = new AbortController();
  let first = 0, next = 0, session; // frames from `first` to before `next` lie in the database
  const about = () => ({ take, person, site, session: link.session, at: Date.now() });

  function tick() {
    const { frames, nextSeq } = link.backlog;
    const oldest = frames[0]?.seq ?? nextSeq;
    if (oldest === first && nextSeq === next && session === link.session) return;
    const renumbered = session && session !== link.session;
    const fresh = link.backlog.from(renumbered ? 0 : next);
    session = link.session;
    write((takes, store) => {
      takes.put(about());
      if (renumbered || oldest) store.delete(renumbered ? rangeOf(take) : rangeOf(take, 0, oldest - 1));
      fresh.forEach(({ seq, pcm }) => store.put({ take, seq, pcm }));
    });
    [first, next] = [oldest, nextSeq];
  }

  const hold = () => new Promise((resolve) => release.signal.addEventListener("abort", resolve));
  navigator.locks?.request(take, hold); // says to other windows that somebody has this
  const timer = setInterval(tick, EVERY_MS);
  addEventListener("pagehide", tick);
  tick();
  return (forGood) => {
    clearInterval(timer);
    removeEventListener("pagehide", tick);
    release.abort();
    if (forGood) drop(take);
  };
}
