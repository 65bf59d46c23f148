// A chord as people read it. Pure.
const NAMES = {
  ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Minus: "−", Equal: "=", Slash: "/", Backslash: "\\",
  BracketLeft: "[", BracketRight: "]", Semicolon: ";", Quote: "'", Comma: ",", Period: ".", Escape: "Esc",
};
const MODIFIERS = new Set(["Control", "Alt", "Shift", "Meta", "AltGraph", "CapsLock", "Process"]);

/** "Alt+ArrowLeft" -> ["Alt", "←"]. */
export const partsOf = (chord) => chord.split("+").map((part) => NAMES[part] ?? part.replace(/^(Key|Digit)/, ""));
export const nameOf = (chord) => partsOf(chord).join("+");
export const isModifier = (event) => MODIFIERS.has(event.key);
