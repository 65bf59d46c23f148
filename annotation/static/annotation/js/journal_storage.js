// The journal in localStorage, where IndexedDB is switched off or full: the same three calls.
const PREFIX = "auscult-journal";
const keyOf = ({ person, segment, window, number }) => [PREFIX, person, segment, window, number].join(" ");
const keysFrom = (start) => Object.keys(localStorage).filter((key) => key.startsWith(`${start} `));

export const storage = {
  async put(entry) {
    localStorage.setItem(keyOf(entry), JSON.stringify(entry));
  },
  async drop(person, segment, window, number) {
    for (const key of keysFrom([PREFIX, person, segment, window].join(" "))) {
      if (Number(key.split(" ").at(-1)) <= number) localStorage.removeItem(key);
    }
  },
  async all(person) {
    return keysFrom(`${PREFIX} ${person}`).map((key) => JSON.parse(localStorage.getItem(key)));
  },
};
