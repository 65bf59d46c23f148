// Writes into the text as a person would: everything that listens to input hears it, and it can be taken back.
export function replaceRange(field, from, to, text) {
  field.focus();
  field.setSelectionRange(from, to);
  // Its own command where there is one: it keeps what the browser knows of the field (spelling, assistive tools).
  if (document.execCommand("insertText", false, text)) return;
  field.setRangeText(text, from, to, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
}
