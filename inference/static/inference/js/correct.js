// Tap a word, or focus it and press Enter: a text field opens over it. Enter keeps, Escape leaves; Shift+Enter on
// a word, or a tap beside words, opens the whole utterance. What becomes of a kept text is the caller's.
import { watchComposition } from "../../annotation/js/ime.js";

export function mount({ box, form, transcript, alternatives, onKeep, onOpen }) {
  const stop = new AbortController();
  const field = form.querySelector("textarea");
  const list = form.querySelector("[data-alternatives]");
  const whole = form.querySelector("[data-whole]");
  const ime = watchComposition(field);
  let one = null, part = null, start = 0, before = "", marked = null;

  function open(utterance, element) {
    delete marked?.dataset.editing;
    one = utterance;
    part = element ? one.parts[element.dataset.part] : null;
    start = part ? one.parts.slice(0, element.dataset.part).reduce((sum, { text }) => sum + text.length, 0) : 0;
    before = field.value = part ? part.text : one.text;
    whole.hidden = !part;
    form.dataset.whole = !part;
    field.rows = part ? 1 : 3; // where the browser does not size the field by its text
    const others = part ? alternatives(part) : [];
    list.replaceChildren(...others.map((text) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "alternative", textContent: text, lang: "zh-Hant" });
      button.addEventListener("click", () => { field.value = text; keep(); });
      return button;
    }));
    form.hidden = false;
    onOpen();
    marked = element ?? one.line;
    marked.dataset.editing = "";
    place();
    field.focus({ preventScroll: true });
    field.select();
  }

  // Just below what is put right, which stays in sight; goes with it when the text scrolls, and never off the page.
  function place() {
    if (!one) return;
    const column = form.offsetParent.getBoundingClientRect(), at = marked.getClientRects()[0];
    const below = part ? at.bottom : Math.min(marked.getBoundingClientRect().bottom, box.getBoundingClientRect().bottom);
    const top = Math.min(below + 10, innerHeight - form.offsetHeight - 8), left = part ? at.left - 12 : column.left;
    form.style.top = `${top - column.top}px`;
    form.style.left = `${Math.max(0, Math.min(left - column.left, column.width - form.offsetWidth))}px`;
  }

  // Kept, the parts are others: the word is found again by where it begins.
  function wordAt(from) {
    let end = 0;
    const at = one.parts.findIndex(({ text }) => (end += text.length) > from);
    return one.line.querySelector(`[data-part="${at}"]`);
  }

  function leave(focus = true) {
    const word = part && wordAt(start);
    form.hidden = true;
    delete marked?.dataset.editing;
    one = part = null;
    if (focus) (word ?? box).focus({ preventScroll: true });
  }

  function keep(focus = true) {
    const text = field.value.replace(/\s*\n\s*/g, " ").trim();
    const full = part ? one.parts.map((each) => (each === part ? text : each.text)).join("") : text;
    const kept = one;
    if (text !== before) onKeep(kept, full.replace(/ {2,}/g, " ").trim());
    leave(focus);
  }

  function openAt(target, all) {
    const utterance = transcript.utteranceOf(target);
    if (utterance?.state === "final") open(utterance, all || !utterance.text ? null : target.closest("[data-part]"));
  }

  function onTap(event) {
    if (!getSelection().isCollapsed) return; // a selection is to be copied
    if (one) keep(false);
    openAt(event.target);
  }

  function onKey(event) {
    if (event.key === "Escape" && one) { event.preventDefault(); leave(); return; }
    const words = [...box.querySelectorAll(".word")];
    const at = words.indexOf(document.activeElement);
    if (event.key === "Enter" && at >= 0) openAt(words[at], event.shiftKey);
    else if (["ArrowLeft", "ArrowRight"].includes(event.key) && words.length) {
      const step = event.key === "ArrowLeft" ? -1 : 1;
      words[at < 0 ? words.length - 1 : Math.min(words.length - 1, Math.max(0, at + step))].focus();
    } else return;
    event.preventDefault();
  }

  function onFieldKey(event) {
    if (ime.owns(event) || !["Enter", "Escape"].includes(event.key)) return;
    event.preventDefault();
    if (event.key === "Enter") keep();
    else leave();
  }

  const on = (target, name, act) => target.addEventListener(name, act, { signal: stop.signal });
  on(box, "click", onTap);
  on(box, "keydown", onKey);
  on(field, "keydown", onFieldKey);
  on(form, "submit", (event) => { event.preventDefault(); keep(); });
  on(form.querySelector("[data-leave]"), "click", () => leave());
  on(whole, "click", () => open(one, null));
  on(box, "scroll", place);
  on(window, "resize", place);
  on(document, "pointerdown", ({ target }) => {
    if (one && !box.contains(target) && !form.contains(target)) keep(false);
  });
  return { get open() { return one !== null; }, unmount() { stop.abort(); ime.stop(); } };
}
