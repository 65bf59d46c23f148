// Keys that work while typing. The bindings stand in the help table of the page: <tr data-action data-key>.
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

export function mountKeys(element, { field, ime, run }) {
  const bindings = new Map(
    [...element.querySelectorAll("[data-key]")].map((row) => [row.dataset.key, row.dataset.action]),
  );

  const onKey = (event) => {
    if (ime.owns(event) || event.defaultPrevented) return;
    const chord = chordOf(event);
    // An open dialog has its own Escape; but Alt+← must not leave the page from there either.
    if (document.querySelector("dialog[open]")) return chord.startsWith("Alt+") && event.preventDefault();
    if (event.key === "?" && !isTyping(event.target)) return take(event, "help");
    if (chord === "Enter" && event.target === field) return take(event, "plain-enter"); // one utterance, one line
    // On a button or a link, Enter and Escape keep their own meaning unless a modifier is held.
    const action = bindings.get(chord);
    if (action) take(event, action);
  };

  const take = (event, action) => {
    event.preventDefault();
    if (!event.repeat || ["back", "forward"].includes(action)) run(action);
  };

  const onClick = (event) => {
    const button = event.target.closest("button[data-action]");
    if (button && element.contains(button)) run(button.dataset.action, button.dataset);
  };

  document.addEventListener("keydown", onKey);
  element.addEventListener("click", onClick);
  return () => {
    document.removeEventListener("keydown", onKey);
    element.removeEventListener("click", onClick);
  };
}
