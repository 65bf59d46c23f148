// Which terms may be meant by what stands before the caret. Pure: strings and arrays, no page.
const LATIN = /[\p{Script=Latin}\p{Nd}]+(?: [\p{Script=Latin}\p{Nd}]+)?$/u;
const HANZI = /\p{Script=Han}+$/u;
const WORD = /^[\p{Script=Latin}\p{Nd}]/u;
const LONGEST_HANZI = 6;

/** What may be the beginning of a term, the longest first: [{ query, from }]; `from` counts like the caret. */
export function beginnings(text, caret) {
  const before = text.slice(Math.max(0, caret - 60), caret);
  if (WORD.test(text.slice(caret))) return []; // inside a word
  const latin = before.match(LATIN)?.[0];
  if (latin) {
    const last = latin.slice(latin.lastIndexOf(" ") + 1);
    return [...new Set([latin, last])]
      .filter((part) => part.length >= 2 && /\p{Script=Latin}/u.test(part))
      .map((part) => ({ query: part.toLowerCase().replaceAll(" ", ""), from: caret - part.length }));
  }
  const hanzi = [...(before.match(HANZI)?.[0] ?? "")].slice(-LONGEST_HANZI);
  return hanzi.map((_, i) => {
    const query = hanzi.slice(i).join("");
    return { query, from: caret - query.length };
  });
}

/** Forms [text, term, kind, [typed …]] -> find(query, most): those that begin so, by text before by sound. */
export function createIndex(forms) {
  const keys = [];
  forms.forEach(([text, , , typed], i) => {
    const written = text.toLowerCase().replaceAll(" ", "");
    keys.push([written, i, 0]);
    typed.forEach((key, at) => key !== written && keys.push([key, i, at ? 1 : 0]));
  });
  keys.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

  const firstFrom = (query) => {
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (keys[middle][0] < query) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  // Thousands may begin so: the best few are kept in one pass, nothing is sorted at a key press.
  return function find(query, most = 8) {
    const best = []; // { form, bySound, length }, in order
    for (let at = firstFrom(query); at < keys.length && keys[at][0].startsWith(query); at++) {
      const [key, form, bySound] = keys[at];
      const last = best.at(-1);
      if (best.length === most && !isBefore(bySound, key.length, last)) continue;
      const known = best.findIndex((one) => one.form === form);
      if (known >= 0 && !isBefore(bySound, key.length, best[known])) continue;
      if (known >= 0) best.splice(known, 1);
      const place = best.findIndex((one) => isBefore(bySound, key.length, one));
      best.splice(place < 0 ? best.length : place, 0, { form, bySound, length: key.length });
      if (best.length > most) best.pop();
    }
    return best.map(({ form }) => forms[form]);
  };
}

const isBefore = (bySound, length, other) => bySound < other.bySound
  || (bySound === other.bySound && length < other.length);
