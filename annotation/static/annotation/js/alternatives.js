// What the word at the caret may be instead, one key each. The lists come a moment after the page.
import { changedRuns } from "./corrections.js";
import { wordsAt } from "./word_spans.js";

export function mount({ bench, field, ime, status, words, replaceRange }) {
  const strip = bench.querySelector("[data-alternatives]");
  const list = strip.querySelector("ol");
  const none = strip.querySelector("[data-none]");
  const aborted = new AbortController();
  let byWord = [];
  let shown = { items: [], key: "" };
  let frame = 0;

  fetch(strip.dataset.url, { headers: { Accept: "application/json" }, credentials: "same-origin", signal: aborted.signal })
    .then((response) => (response.ok ? response.json() : { words: [] }))
    .then((answer) => {
      byWord = answer.words;
      show();
    })
    .catch(() => {}); // the strip stays empty; everything else works without it

  /** The words that stand at the caret, changed or not, and where they stand now. */
  function place() {
    const { selectionStart: from, selectionEnd: to } = field;
    const { current } = words;
    const run = changedRuns(current, field.value).find((one) => one.from <= from && to <= one.to);
    if (run) return run;
    const first = wordsAt(current, from, to).find((word) => !word.touched);
    const index = current.indexOf(first);
    return index < 0 ? null : { first: index, last: index, from: first.from, to: first.to };
  }

  /** Where a proposal goes: the words at the caret, and the unchanged ones beside them that it also replaces. */
  function target(here, one) {
    const { current } = words;
    const left = one.first < here.first ? current[one.first] : null;
    const right = one.last > here.last ? current[one.last] : null;
    if (left?.touched || right?.touched) return null;
    return { ...one, from: left ? left.from : here.from, to: right ? right.to : here.to };
  }

  function show() {
    frame = 0;
    const here = place();
    const items = here ? (byWord[here.first] ?? [])
      .filter((one) => one.first <= here.first && one.last >= here.last)
      .map((one) => target(here, one))
      .filter((one) => one && field.value.slice(one.from, one.to) !== one.text) : [];
    const key = JSON.stringify(items);
    if (key === shown.key) return;
    shown = { items, key };
    none.hidden = items.length > 0;
    list.replaceChildren(...items.map((one, i) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "alternative", title: one.why });
      const digit = document.createElement("kbd");
      digit.textContent = i + 1;
      const text = document.createElement("span");
      text.lang = "zh-Hant";
      text.textContent = one.text;
      button.append(digit, text);
      button.addEventListener("click", () => pick(i));
      const item = document.createElement("li");
      item.append(button);
      return item;
    }));
  }

  function pick(i) {
    const one = shown.items[i];
    if (!one) return;
    replaceRange(one.from, one.to, one.text);
    status.say(`${one.text}: ${one.why}`);
  }

  const later = () => {
    if (!frame && !ime.owns({})) frame = requestAnimationFrame(show);
  };
  const signs = ["input", "keyup", "click", "select", "compositionend"];
  for (const name of signs) field.addEventListener(name, later);
  document.addEventListener("selectionchange", later);

  return {
    actions: {
      alternative({ chord }) {
        if (frame) { cancelAnimationFrame(frame); show(); }
        pick(Number(chord.at(-1)) - 1);
      },
    },
    stop() {
      aborted.abort();
      cancelAnimationFrame(frame);
      for (const name of signs) field.removeEventListener(name, later);
      document.removeEventListener("selectionchange", later);
    },
  };
}
