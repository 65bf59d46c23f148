// Keys that work while typing. The bindings stand in the help table of the page: <tr data-action data-key>, more
// than one chord with spaces between them. data-own: left to any other text field that has the focus.
// Kept away from: Ctrl+Space, Shift and Ctrl+Shift, Alt+Shift (input methods switch with them), plain letters,
// and what a browser will not give up (Ctrl+N, Ctrl+T, Ctrl+W).
export function chordOf(event) {
  const code = event.code === "NumpadEnter" ? "Enter" : event.code;
  return [
    event.ctrlKey || event.metaKey ? "Ctrl+" : "",
    event.altKey ? "Alt+" : "",
    event.shiftKey ? "Shift+" : "",
    code,
  ].join("");
}

const isTyping = (target) => target.matches?.("textarea, input, select");

const REPEATING = new Set(["back", "forward", "undo", "redo"]);

/** chord -> row of the help table. */
const bindingsOf = (element) => new Map(
  [...element.querySelectorAll("[data-key]")].flatMap((row) =>
    row.dataset.key.split(" ").filter(Boolean).map((chord) => [chord, row])),
);

export function mountKeys(element, { field, ime, run }) {
  let bindings = bindingsOf(element);
  const onChanged = () => { bindings = bindingsOf(element); };

  const onKey = (event) => {
    if (ime.owns(event) || event.defaultPrevented) return;
    const chord = chordOf(event);
    // An open dialog has its own Escape; but Alt+← must not leave the page from there either.
    if (document.querySelector("dialog[open]")) return chord.startsWith("Alt+") && event.preventDefault();
    if (event.key === "?" && !isTyping(event.target)) return take(event, "help");
    if (chord === "Enter" && event.target === field) return take(event, "plain-enter"); // one utterance, one line
    // On a button or a link, Enter and Escape keep their own meaning unless a modifier is held.
    const row = bindings.get(chord);
    if (!row || ("own" in row.dataset && event.target !== field && isTyping(event.target))) return;
    take(event, row.dataset.action, { chord });
  };

  const take = (event, action, detail) => {
    event.preventDefault();
    if (!event.repeat || REPEATING.has(action)) run(action, detail);
  };

  const onClick = (event) => {
    const button = event.target.closest("button[data-action]");
    if (button && element.contains(button)) run(button.dataset.action, button.dataset);
  };

  document.addEventListener("keydown", onKey);
  element.addEventListener("auscult:keys", onChanged);
  element.addEventListener("click", onClick);
  return () => {
    document.removeEventListener("keydown", onKey);
    element.removeEventListener("auscult:keys", onChanged);
    element.removeEventListener("click", onClick);
  };
}
