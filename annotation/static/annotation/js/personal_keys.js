// The person's own keys: shown in the help table and on the buttons, changed by pressing them.
import { postJson } from "./api.js";
import { isModifier, nameOf, partsOf } from "./chords.js";
import { chordOf } from "./keys.js";

const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

export function mount({ bench, strings }) {
  const dialog = bench.querySelector("dialog.help");
  const { own, allowed } = JSON.parse(bench.querySelector("#keys-data").textContent);
  const url = dialog.dataset.url;
  const remark = dialog.querySelector("[data-keys-remark]");
  const rows = [...dialog.querySelectorAll("tr[data-key]")];
  const standard = new Map(rows.map((row) => [row.dataset.action, row.dataset.key]));
  const nameOfRow = (row) => row.cells[1].textContent.trim();
  let chords = own;
  let waiting = null; // the row whose new key is being awaited

  function show() {
    const taken = new Set(Object.values(chords));
    for (const row of rows) {
      const { action } = row.dataset;
      // A person's own choice wins over what the page gives another action.
      row.dataset.key = chords[action] ?? standard.get(action).split(" ").filter((chord) => !taken.has(chord)).join(" ");
      if ("fixed" in row.dataset) continue;
      const [chord = ""] = row.dataset.key.split(" ");
      row.cells[0].replaceChildren(...partsOf(chord || "—").flatMap((part) => {
        const key = document.createElement("kbd");
        key.textContent = part;
        return [key, " "];
      }));
      row.toggleAttribute("data-changed", action in chords);
      for (const button of bench.querySelectorAll(`button[data-action="${action}"]:not([data-reason])`)) label(button, nameOf(chord));
      for (const key of bench.querySelectorAll(`kbd[data-of="${action}"]`)) key.textContent = nameOf(chord);
    }
    bench.dispatchEvent(new CustomEvent("auscult:keys"));
  }

  function label(button, name) {
    const key = button.querySelector("kbd");
    if (key) key.textContent = name;
    else if ("keyTitle" in button.dataset) button.title = name;
  }

  /** Why the row cannot have this chord, as a sentence; nothing when it can. */
  function refusal(row, chord) {
    const other = rows.find((one) => one !== row && one.dataset.key.split(" ").includes(chord));
    if (other) return fill(strings.key_clash, { key: nameOf(chord), action: nameOfRow(other) });
    if (!allowed.includes(chord)) return fill(strings.key_reserved, { key: nameOf(chord) });
    return "";
  }

  async function keep(next, done) {
    try {
      chords = (await postJson(url, { chords: next })).own;
      remark.textContent = done;
      show();
    } catch (error) {
      remark.textContent = error.message || strings.unreachable;
    }
  }

  function wait(row) {
    if (waiting) waiting.cells[2].firstChild.setAttribute("aria-pressed", "false");
    waiting = row;
    if (!row) return;
    row.cells[2].firstChild.setAttribute("aria-pressed", "true");
    remark.textContent = fill(strings.key_press, { action: nameOfRow(row) });
  }

  const onKey = (event) => {
    if (!waiting) return;
    event.preventDefault();
    event.stopPropagation();
    if (isModifier(event)) return;
    const row = waiting;
    const chord = chordOf(event);
    const { action } = row.dataset;
    if (chord === "Escape" && action !== "toggle") {
      wait(null);
      remark.textContent = "";
      return;
    }
    const why = refusal(row, chord);
    if (why) return void (remark.textContent = why);
    wait(null);
    const next = { ...chords, [action]: chord };
    if (standard.get(action).split(" ").includes(chord)) delete next[action];
    keep(next, fill(strings.key_kept, { key: nameOf(chord), action: nameOfRow(row) }));
  };

  const onClick = (event) => {
    const button = event.target.closest("[data-keys]");
    if (button?.dataset.keys === "reset") {
      wait(null);
      keep({}, strings.keys_reset);
    } else if (button) {
      const row = button.closest("tr");
      wait(row === waiting ? null : row);
    }
  };
  const onClose = () => {
    wait(null);
    remark.textContent = "";
  };

  for (const row of rows) {
    const cell = row.insertCell();
    if ("fixed" in row.dataset) continue;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "button button-quiet", textContent: strings.key_change });
    button.dataset.keys = "change";
    button.setAttribute("aria-label", `${strings.key_change}: ${nameOfRow(row)}`);
    cell.append(button);
  }
  show();
  dialog.addEventListener("keydown", onKey, true);
  dialog.addEventListener("click", onClick);
  dialog.addEventListener("close", onClose);
  return {
    stop() {
      dialog.removeEventListener("keydown", onKey, true);
      dialog.removeEventListener("click", onClick);
      dialog.removeEventListener("close", onClose);
    },
  };
}
