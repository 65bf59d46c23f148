// Writes into the field as if it had been typed: Ctrl+Z takes it back, and everything that listens hears it.
export function insertAt(field, from, to, text) {
  field.focus({ preventScroll: true });
  field.setSelectionRange(from, to);
  const wrote = text
    ? document.execCommand("insertText", false, text)
    : from === to || document.execCommand("delete");
  if (wrote) return;
  field.setRangeText(text, from, to, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertReplacementText" }));
}

/** A place counted in code points (as the server counts) -> in the units of JavaScript's strings. */
export const unitsOf = (text, points) => [...text].slice(0, points).join("").length;

/** The other way. */
export const pointsOf = (text, units) => [...text.slice(0, units)].length;
