// What has been put right: shown at once, sent by corrections.js, taken back one by one. Ties the transcript, the
// field over a word and the way to the server; the live page and the page of one earlier dictation share it.
import { mount as mountField } from "./correct.js";
import { Corrections } from "./corrections.js";

export function mount({ root, transcript, address, person, strings, alternatives, onOpen = () => {} }) {
  const find = (name) => root.querySelector(`[data-live="${name}"]`);
  const [box, form, undo, note] = ["box", "correct", "undo", "note"].map(find);
  const corrections = new Corrections(address, person);
  const done = []; // {one, text}: what stood there before

  function keep(one, text) {
    if (!text) { show(strings.correction_empty); return; }
    done.push({ one, text: one.text });
    change(one, text);
  }

  function change(one, text) {
    transcript.correct(one, text);
    corrections.keep(one.session, one.index, text);
    undo.disabled = !done.length;
  }

  function takeBack() {
    const last = done.pop();
    if (last) change(last.one, last.text);
  }

  /** Texts that the server does not have yet stand over what it sends. */
  function onFinal({ detail: one }) {
    const text = corrections.textOf(one.session, one.index);
    if (text !== undefined && text !== one.text) transcript.correct(one, text);
  }

  function show(message) {
    note.textContent = message;
  }

  function onChange() {
    const count = Object.keys(corrections.waiting).length;
    show(count ? strings.correction_kept : done.length ? strings.correction_saved : "");
  }

  const field = mountField({ box, form, transcript, alternatives, onKeep: keep, onOpen });
  const onKey = (event) => {
    const wanted = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z";
    if (!wanted || event.target.closest("input, textarea, select")) return;
    event.preventDefault();
    takeBack();
  };
  transcript.addEventListener("final", onFinal);
  corrections.addEventListener("change", onChange);
  corrections.addEventListener("refused", ({ detail }) => show(`${strings.correction_refused} ${detail.message}`));
  undo.addEventListener("click", takeBack);
  document.addEventListener("keydown", onKey);
  return {
    field,
    clear() { done.length = 0; undo.disabled = true; show(""); },
    unmount() {
      field.unmount();
      corrections.unmount();
      undo.removeEventListener("click", takeBack);
      document.removeEventListener("keydown", onKey);
    },
  };
}
