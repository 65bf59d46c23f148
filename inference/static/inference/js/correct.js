// Tap a word, or focus it and press Enter: a text field opens over it. Enter keeps, Escape leaves; Shift+Enter on
// a word, or a tap beside words, opens the whole utterance. What becomes of a kept text is the caller's.
import { watchComposition } from "../../annotation/js/ime.js";

export function mount({ box, form, transcript, alternatives, onKeep, onOpen }) {
  const stop = new AbortController();
  const field = form.querySelector("textarea");
  const list = form.querySelector("[data-alternatives]");
  const whole = form.querySelector("[data-whole]");
  const ime = watchComposition(field);
  let one = null, part = null, before = "", marked = null;

  function open(utterance, element) {
    delete marked?.dataset.editing;
    one = utterance;
    part = element ? one.parts[element.dataset.part] : null;
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
    place(element ?? one.line);
    field.focus({ preventScroll: true });
    field.select();
    form.scrollIntoView({ block: "nearest" });
  }

  // Just below what is put right, which stays in sight; within the column, so that it moves with the text.
  function place(element) {
    const at = element.getClientRects()[0] ?? element.getBoundingClientRect(), frame = box.getBoundingClientRect();
    const below = part ? at.bottom + 10 : element.getBoundingClientRect().bottom + 10;
    form.style.top = `${below - frame.top + box.scrollTop}px`;
    form.style.left = `${Math.max(8, Math.min(part ? at.left - frame.left - 12 : 8, box.clientWidth - form.offsetWidth - 8))}px`;
    marked = element;
    marked.dataset.editing = "";
  }

  function leave(focus = true) {
    const line = one?.line, at = one?.parts.indexOf(part);
    form.hidden = true;
    delete marked?.dataset.editing;
    one = part = null;
    if (focus) (line?.querySelector(`[data-part="${at}"]`) ?? box).focus({ preventScroll: true });
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
    if (form.contains(event.target) || !getSelection().isCollapsed) return; // a selection is to be copied
    if (one) keep(false);
    openAt(event.target);
  }

  function onKey(event) {
    if (event.key === "Escape" && one) { event.preventDefault(); return leave(); }
    if (form.contains(event.target)) return;
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
    if (event.key !== "Enter" || ime.owns(event)) return;
    event.preventDefault();
    keep();
  }

  const on = (target, name, act) => target.addEventListener(name, act, { signal: stop.signal });
  on(box, "click", onTap);
  on(box, "keydown", onKey);
  on(field, "keydown", onFieldKey);
  on(form, "submit", (event) => { event.preventDefault(); keep(); });
  on(form.querySelector("[data-leave]"), "click", () => leave());
  on(whole, "click", () => open(one, null));
  on(document, "pointerdown", ({ target }) => {
    if (one && !box.contains(target)) keep(false);
  });
  return { get open() { return one !== null; }, unmount() { stop.abort(); ime.stop(); } };
}
