// Terms of the site under the word that is being typed. Tab takes one; it never opens, moves or takes anything
// while an input method composes, never takes Enter, and lies over the page, so that nothing moves.
import { beginnings, createIndex } from "./lexicon_index.js";
import { insertAt } from "./insert.js";

const ASK_AFTER_MS = 120;
const kept = new Map(); // address -> promise of find(query): stays over the segments of one visit

function localFinder(url) {
  if (!kept.has(url)) {
    kept.clear(); // another address: the terms have changed
    kept.set(url, fetch(url, { credentials: "same-origin" })
      .then((response) => (response.ok ? response.json() : { forms: [] }))
      .then(({ forms }) => createIndex(forms))
      .catch(() => {
        kept.delete(url);
        return () => [];
      }));
  }
  return kept.get(url);
}

export function mountAutocomplete({ field, ime, bench, lexicon, strings, status }) {
  const list = bench.querySelector("[data-suggestions]");
  const backdrop = bench.querySelector("[data-backdrop]");
  let find = null;
  let shown = []; // [text, term, kind]
  let from = 0;
  let at = 0;
  let timer = 0;
  let asked = 0;

  if (lexicon.forms) localFinder(lexicon.forms).then((made) => { find = made; });

  function close() {
    clearTimeout(timer);
    asked++;
    if (list.hidden) return;
    list.hidden = true;
    field.removeAttribute("aria-activedescendant");
  }

  function choose(next) {
    list.children[at]?.setAttribute("aria-selected", "false");
    at = (next + shown.length) % shown.length;
    list.children[at].setAttribute("aria-selected", "true");
    field.setAttribute("aria-activedescendant", list.children[at].id);
  }

  function open(suggestions, start) {
    const wasHidden = list.hidden;
    shown = suggestions;
    from = start;
    list.replaceChildren(...suggestions.map(option));
    list.hidden = false;
    place(start);
    choose(0);
    if (wasHidden) status.say(strings.suggestions.replace("{n}", suggestions.length));
  }

  /** Under the line where the word begins: the backdrop has the same letters in the same places. */
  function place(start) {
    const walker = document.createTreeWalker(backdrop, NodeFilter.SHOW_TEXT);
    let left = start;
    while (walker.nextNode() && left >= walker.currentNode.length) left -= walker.currentNode.length;
    const range = document.createRange();
    range.setStart(walker.currentNode, Math.min(left, walker.currentNode.length ?? 0));
    range.setEnd(walker.currentNode, Math.min(left + 1, walker.currentNode.length ?? 0));
    const letter = range.getBoundingClientRect();
    const box = field.getBoundingClientRect();
    const room = Math.max(0, box.width - list.offsetWidth);
    list.style.left = `${Math.min(Math.max(0, letter.left - box.left), room)}px`;
    list.style.top = `${(letter.bottom || box.top + 40) - box.top + 4}px`;
  }

  function take(i) {
    const [text] = shown[i];
    const caret = field.selectionStart;
    close();
    insertAt(field, from, caret, text);
    close(); // what was inserted is no beginning of another term
  }

  async function look() {
    if (field.selectionStart !== field.selectionEnd) return close();
    const places = beginnings(field.value, field.selectionStart);
    const mine = ++asked;
    if (find) return show(places, ({ query }) => find(query));
    if (!lexicon.suggest || !places.length) return close();
    timer = setTimeout(async () => {
      for (const one of places.slice(0, 2)) {
        const found = await ask(one.query);
        if (mine !== asked) return;
        if (show([one], () => found)) return;
      }
    }, ASK_AFTER_MS);
  }

  /** Opens at the longest beginning for which there is more to write; tells whether it did. */
  function show(places, findAt) {
    for (const one of places) {
      const typed = field.value.slice(one.from, field.selectionStart);
      const found = findAt(one).filter(([text]) => text !== typed);
      if (!found.length) continue;
      open(found, one.from);
      return true;
    }
    close();
    return false;
  }

  const ask = (query) => fetch(`${lexicon.suggest}&q=${encodeURIComponent(query)}`, { credentials: "same-origin" })
    .then((response) => (response.ok ? response.json() : { suggestions: [] }))
    .then(({ suggestions }) => suggestions)
    .catch(() => []);

  const onInput = (event) => {
    clearTimeout(timer);
    // Pasted, dropped or put there by the page: not typed, so nobody waits for a suggestion.
    const typed = ["insertText", "insertCompositionText", "deleteContentBackward", undefined].includes(event.inputType);
    if (ime.owns(event) || !typed) close();
    else look();
  };
  const onComposed = () => { timer = setTimeout(look, 0); };
  const onKey = (event) => {
    if (list.hidden || ime.owns(event) || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (event.key === "Tab") take(at);
    else if (event.key === "ArrowDown") choose(at + 1);
    else if (event.key === "ArrowUp") choose(at - 1);
    else if (event.key === "Escape") close();
    else {
      if (event.key.startsWith("Arrow") || ["Home", "End", "Enter"].includes(event.key)) close();
      return;
    }
    event.preventDefault(); // keys.js leaves alone what is taken already
  };
  const onPress = (event) => {
    const option = event.target.closest("[role=option]");
    if (!option) return;
    event.preventDefault(); // the caret stays in the field
    take([...list.children].indexOf(option));
  };

  const listened = [
    [field, "input", onInput], [field, "compositionstart", close], [field, "compositionend", onComposed],
    [field, "keydown", onKey], [field, "blur", close], [field, "pointerdown", close], [list, "pointerdown", onPress],
  ];
  for (const [target, name, listener] of listened) target.addEventListener(name, listener);
  return {
    stop() {
      close();
      for (const [target, name, listener] of listened) target.removeEventListener(name, listener);
    },
  };
}

function option([text, term, kind], i) {
  const item = document.createElement("li");
  item.id = `suggestion-${i}`;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  const form = document.createElement("span");
  form.lang = "zh-Hant";
  form.textContent = text;
  const note = document.createElement("span");
  note.className = "small muted";
  note.textContent = [term === text ? "" : term, kind].filter(Boolean).join(" · ");
  item.append(form, note);
  return item;
}
