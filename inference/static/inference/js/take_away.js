// Copy the whole text (also Ctrl+Shift+C), the links to its exports, and the switch of the rule-based marks.
import { mount as mountExports } from "./exports.js";

const MARKS = "auscult-live-marks";

export function marksWanted() {
  try { return localStorage.getItem(MARKS) !== "off"; } catch { return true; }
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // no https, or not allowed: the old way
    const field = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    if (!copied) throw new Error("the browser does not copy");
  }
}

export function mount({ root, transcript, address, strings }) {
  const stop = new AbortController();
  const find = (name) => root.querySelector(`[data-live="${name}"]`);
  const [copy, menu, marks, note] = ["copy", "export", "marks", "note"].map(find);

  async function onCopy() {
    try {
      await copyText(transcript.text);
      note.textContent = strings.copied;
    } catch {
      note.textContent = strings.copy_failed;
    }
  }

  const showExports = mountExports({ menu, transcript, address, strings });

  function show() {
    copy.disabled = !transcript.text;
    showExports();
  }

  marks.checked = transcript.marks;
  const on = (target, name, act) => target.addEventListener(name, act, { signal: stop.signal });
  on(copy, "click", onCopy);
  on(document, "keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || !event.shiftKey || event.code !== "KeyC" || copy.disabled) return;
    event.preventDefault();
    onCopy();
  });
  on(marks, "change", () => {
    try { localStorage.setItem(MARKS, marks.checked ? "on" : "off"); } catch { /* for this page then */ }
    transcript.mark(marks.checked);
    show();
  });
  on(menu, "toggle", show); // corrected since
  on(document, "pointerdown", ({ target }) => {
    for (const open of root.querySelectorAll("details[open]")) if (!open.contains(target)) open.open = false;
  });
  on(root, "keydown", (event) => {
    const open = event.key === "Escape" && event.target.closest("details[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  });
  return { show, unmount: () => stop.abort() };
}
