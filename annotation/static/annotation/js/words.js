// The draft's words under the person's text: a backdrop behind the native field carries the dotted lines,
// a row of buttons leads to the doubtful ones. The field itself stays an ordinary <textarea>.
import { carry, locate } from "./alignment.js";

export function mountWords({ field, backdrop, list, words, draftText, percent, onGo }) {
  const located = locate(words, draftText);
  const buttons = new Map();
  let current = [];
  let playing = -1;
  let chosen = -1;

  const doubtful = () => current.map((_, i) => i).filter((i) => current[i].doubt > 0 && !current[i].touched);

  function render() {
    current = carry(located, draftText, field.value);
    const parts = [];
    let at = 0;
    current.forEach((word, i) => {
      if (word.from < at || word.to <= word.from) return;
      const span = document.createElement("span");
      span.className = "word";
      span.dataset.index = i;
      if (!word.touched) span.dataset.doubt = word.doubt;
      if (i === playing) span.dataset.playing = "";
      span.textContent = field.value.slice(word.from, word.to);
      parts.push(field.value.slice(at, word.from), span);
      at = word.to;
    });
    // The last character keeps the height of an empty last line.
    backdrop.replaceChildren(...parts, field.value.slice(at), "\u200b");
    for (const [i, button] of buttons) button.toggleAttribute("data-touched", current[i].touched);
  }

  function makeButtons() {
    located.forEach((word, i) => {
      if (!word.doubt) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "doubt";
      button.title = percent(word.probability);
      const text = document.createElement("span");
      text.className = "word";
      text.dataset.doubt = word.doubt;
      text.lang = "zh-Hant";
      text.textContent = word.text;
      const figure = document.createElement("span");
      figure.className = "doubt-figure";
      figure.textContent = `${Math.round(word.probability * 100)} %`;
      button.append(text, figure);
      button.addEventListener("click", () => go(i));
      buttons.set(i, button);
      const item = document.createElement("li");
      item.append(button);
      list.append(item);
    });
  }

  function go(i) {
    chosen = i;
    field.focus();
    field.setSelectionRange(current[i].from, current[i].to);
    onGo(current[i]);
  }

  // A click puts the caret where it always goes; the sound follows to the same word.
  const onClick = () => {
    if (field.selectionStart !== field.selectionEnd) return;
    const word = current.find(({ from, to }) => from <= field.selectionStart && field.selectionStart < to);
    if (word) onGo(word, { quiet: true });
  };

  // The probability of the word under the pointer, as the field's tooltip.
  const onMove = (event) => {
    const under = [...backdrop.querySelectorAll("[data-doubt]")].find((span) =>
      [...span.getClientRects()].some((box) =>
        box.left <= event.clientX && event.clientX <= box.right && box.top <= event.clientY && event.clientY <= box.bottom + 8));
    const word = under && current[under.dataset.index];
    field.title = word && word.probability !== null ? `${word.text}: ${percent(word.probability)}` : "";
  };

  field.addEventListener("input", render);
  field.addEventListener("click", onClick);
  field.addEventListener("mousemove", onMove);
  makeButtons();
  render();

  return {
    located,
    get current() { return current; },
    render,
    /** Leads to the next (1) or previous (-1) doubtful word that is still as it was; false when there is none. */
    step(direction) {
      const open = doubtful();
      const ahead = open.filter((i) => (direction > 0 ? i > chosen : i < chosen));
      const next = (direction > 0 ? ahead[0] : ahead.at(-1)) ?? (direction > 0 ? open[0] : open.at(-1));
      if (next === undefined) return false;
      go(next);
      return true;
    },
    follow(timeMs) {
      const now = current.findIndex((word) => word.start_ms <= timeMs && timeMs < word.end_ms);
      if (now === playing) return;
      backdrop.querySelector("[data-playing]")?.removeAttribute("data-playing");
      playing = now;
      backdrop.querySelector(`[data-index="${now}"]`)?.setAttribute("data-playing", "");
    },
    stop() {
      field.removeEventListener("input", render);
      field.removeEventListener("click", onClick);
      field.removeEventListener("mousemove", onMove);
    },
  };
}
