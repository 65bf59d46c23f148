// Undo and redo by words, whoever changed the text: keys, input method, paste, or a picked word.
import { createHistory } from "./history.js";

const SINGLE = new Set(["insertText", "deleteContentBackward", "deleteContentForward"]);

export function mount({ field, status, strings }) {
  const history = createHistory(field.value);
  let composing = false;
  let applying = false;

  const record = (event) => {
    if (applying || composing) return;
    history.record(field.value, { single: SINGLE.has(event?.inputType), caret: field.selectionStart });
  };
  // What an input method commits is one step.
  const onStart = () => {
    record();
    composing = true;
  };
  const onEnd = () => {
    composing = false;
    history.record(field.value, { caret: field.selectionStart });
  };
  const onPointer = () => history.pause();

  function go(direction, nothing) {
    record();
    const step = history[direction]();
    if (!step) return status.say(nothing);
    applying = true;
    field.focus();
    field.value = step.text;
    field.setSelectionRange(step.caret, step.caret);
    const inputType = direction === "undo" ? "historyUndo" : "historyRedo";
    field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType }));
    applying = false;
  }
  const undo = () => go("undo", strings.nothing_to_undo);
  const redo = () => go("redo", strings.nothing_to_redo);

  // The browser's own menu asks in this way.
  const onBefore = (event) => {
    if (!["historyUndo", "historyRedo"].includes(event.inputType)) return;
    event.preventDefault();
    (event.inputType === "historyUndo" ? undo : redo)();
  };

  const listeners = { input: record, compositionstart: onStart, compositionend: onEnd, beforeinput: onBefore, pointerdown: onPointer };
  for (const [name, listener] of Object.entries(listeners)) field.addEventListener(name, listener);
  return {
    actions: { undo, redo },
    stop() {
      for (const [name, listener] of Object.entries(listeners)) field.removeEventListener(name, listener);
    },
  };
}
