// The journal in IndexedDB. Each change is a transaction of its own, committed at once and flushed to the disk:
// what a tab has handed over survives its crash, and what is written survives the computer's.
const NAME = "auscult-journal";
const STORE = "entries";

const finished = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});
const committed = (transaction) => new Promise((resolve, reject) => {
  transaction.oncomplete = () => resolve();
  transaction.onabort = () => reject(transaction.error);
});

export async function openDatabase() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () =>
    request.result.createObjectStore(STORE, { keyPath: ["person", "segment", "window", "number"] });
  const database = await finished(request);

  function write(change) {
    const transaction = database.transaction(STORE, "readwrite", { durability: "strict" });
    change(transaction.objectStore(STORE));
    transaction.commit(); // now, not when the task ends: a tab may be killed before that
    return committed(transaction);
  }

  return {
    put: async (entry) => write((store) => store.put(entry)),
    drop: async (person, segment, window, number) =>
      write((store) => store.delete(IDBKeyRange.bound(
        [person, segment, window, 0], [person, segment, window, number],
      ))),
    // An array sorts behind every text, so this is everything that begins with `person`.
    all: async (person) =>
      finished(database.transaction(STORE).objectStore(STORE).getAll(IDBKeyRange.bound([person], [person, []]))),
  };
}
