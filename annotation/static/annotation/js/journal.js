// What was typed on this computer and is not on the server yet: every change, until the server has confirmed it.
// An entry is { segment, window, number, at, kind: "draft" | "submit", url, body }; numbers count up in one window.
// Keyed by person: nobody reads or sends what somebody else typed at the same computer.
import { openDatabase } from "./journal_database.js";
import { storage } from "./journal_storage.js";

const opened = new Map(); // one for each person, for as long as the page lives

export function openJournal(person) {
  if (!opened.has(person)) opened.set(person, makeJournal(person));
  return opened.get(person);
}

function makeJournal(person) {
  let database = null;
  const opening = openDatabase().then((made) => { database = made; }, () => {}); // storage it is, then
  const both = async () => (await opening, [database, storage].filter(Boolean));

  return {
    /** Resolves once it is written; rejects when this browser keeps nothing at all. */
    async append(entry) {
      const record = { ...entry, person };
      if (!database) await opening;
      try {
        return await database.put(record);
      } catch {
        return storage.put(record);
      }
    },
    /** The server has everything that this window wrote for the segment, up to this number. */
    async drop(segment, window, number) {
      for (const store of await both()) await store.drop(person, segment, window, number).catch(() => {});
    },
    /** All entries of this person, window by window, in the order in which they were written. */
    async entries() {
      const found = [];
      for (const store of await both()) found.push(...await store.all(person).catch(() => []));
      return found.sort((one, other) => one.number - other.number);
    },
  };
}

/** A name that no other window has; crypto.randomUUID is missing where a hospital serves without https. */
export const windowName = () =>
  [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join("");

/** Entries by segment and window, each group in order. */
export function grouped(entries) {
  const groups = new Map();
  for (const entry of entries) {
    const key = `${entry.segment} ${entry.window}`;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(entry);
  }
  return [...groups.values()];
}

/** Whether a later window went on from this group's text: what it says stands in theirs, and it is not needed. */
export function isGoneOnFrom(group, groups) {
  const { segment, window, number } = group.at(-1);
  const names = (stamps) => stamps.split(" ").some((stamp) => {
    const [name, count] = stamp.split(":");
    return name === window && Number(count) >= number;
  });
  return group.every(({ kind }) => kind === "draft")
    && groups.some((other) => other !== group && other.some((entry) => entry.segment === segment && names(entry.body.after ?? "")));
}
