// Where the words of the draft stand in the text as it is now. Pure: strings and numbers.

/** For each character of `a` (before) its index in `b` (after), -1 when gone: longest common subsequence. */
export function charMap(a, b) {
  const map = new Array(a.length).fill(-1);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) map[head] = head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) {
    map[a.length - 1 - tail] = b.length - 1 - tail++;
  }
  const rows = a.length - head - tail;
  const columns = b.length - head - tail;
  // Lengths of the common subsequence of the two rests that start at (i, j).
  const table = Array.from({ length: rows + 1 }, () => new Uint16Array(columns + 1));
  for (let i = rows - 1; i >= 0; i--) {
    for (let j = columns - 1; j >= 0; j--) {
      table[i][j] = a[head + i] === b[head + j]
        ? table[i + 1][j + 1] + 1
        : Math.max(table[i + 1][j], table[i][j + 1]);
    }
  }
  for (let i = 0, j = 0; i < rows && j < columns;) {
    if (a[head + i] === b[head + j]) map[head + i++] = head + j++;
    else if (table[i + 1][j] >= table[i][j + 1]) i++;
    else j++;
  }
  return map;
}

/** Each word with `from` and `to`, its characters in `text`; words come in order. */
export function locate(words, text) {
  let cursor = 0;
  return words.map((word) => {
    const at = text.indexOf(word.text, cursor);
    const from = at < 0 ? cursor : at;
    const to = at < 0 ? cursor : at + word.text.length;
    cursor = to;
    return { ...word, from, to };
  });
}

// "met" inside "metformin" is another word: letters now stand where none stood.
const joined = (text, at) => /^[A-Za-z0-9]{2}$/.test(text.slice(Math.max(0, at), at + 2));

/** The located words carried into `after`: `from`/`to` there, and `touched` when the person changed them. */
export function carry(located, before, after) {
  const map = charMap(before, after);
  let last = 0; // where a word that is gone would stand
  return located.map((word) => {
    const places = map.slice(word.from, word.to);
    const whole = places.length > 0 && places.every((place, i) => place >= 0 && place === places[0] + i);
    const grown = whole && (joined(after, places.at(-1)) > joined(before, word.to - 1)
      || joined(after, places[0] - 1) > joined(before, word.from - 1));
    const kept = places.filter((place) => place >= 0);
    const from = kept.length ? kept[0] : last;
    const to = kept.length ? kept[kept.length - 1] + 1 : last;
    last = to;
    return { ...word, from, to, touched: !whole || grown };
  });
}
