// A whole recording, line by line. One listener for all lines; only the line in hand has a module of its own.
import { watchComposition } from "./ime.js";
import { openJournal } from "./journal.js";
import { chordOf } from "./keys.js";
import { mountLine } from "./transcript_line.js";
import { lineBeside } from "./transcript_lines.js";
import { mountLinePlayer } from "./transcript_player.js";

export function mount(page) {
  const $ = (selector) => page.querySelector(selector);
  const data = JSON.parse($("#transcript-data").textContent);
  const list = $("[data-lines]");
  const spoken = $("[data-spoken]");
  if (!list) return () => {};
  const player = mountLinePlayer(page, data);
  const journal = openJournal(page.closest("[data-person]").dataset.person);
  const ime = watchComposition(list); // composition events bubble up from every field
  const unsaved = new Set(); // lines that were left before the server had them
  let current = null;

  const lineOf = (target) => target.closest?.(".line");
  const fieldOf = (row) => row?.querySelector("textarea");

  function enter(row) {
    if (current?.row === row) return;
    leave();
    if (fieldOf(row).readOnly) return;
    const waiting = [...unsaved].find((line) => line.row === row);
    unsaved.delete(waiting);
    current = waiting ?? mountLine(row, { ...data, isPlaying: () => player.isPlaying, journal });
  }

  async function leave() {
    const line = current;
    current = null;
    if (!line) return;
    unsaved.add(line);
    await line.save();
    if (line === current || line.isUnsaved) return; // taken up again, or the server is not there: it goes on trying
    unsaved.delete(line);
    line.stop();
  }

  function step(row, direction) {
    let next = row;
    do next = lineBeside(next, direction);
    while (next && fieldOf(next).readOnly);
    fieldOf(next)?.focus();
    return next;
  }

  async function confirm(row) {
    if (current?.row !== row) return;
    const line = current;
    if (!(await line.submit())) return;
    if (current === line) {
      current = null;
      line.stop();
      const next = step(row, 1);
      if (next && player.goesOn) player.play(next);
    }
  }

  const actions = {
    "Escape": (row) => player.toggle(row),
    "Alt+ArrowLeft": (row) => player.back(row),
    "Alt+ArrowDown": (row) => step(row, 1),
    "Alt+ArrowUp": (row) => step(row, -1),
    "Ctrl+Enter": confirm,
    "Enter": () => { spoken.textContent = data.strings.enter; },
  };
  const onKey = (event) => {
    const action = actions[chordOf(event)];
    const row = lineOf(event.target);
    if (!action || !row || ime.owns(event) || event.target.tagName !== "TEXTAREA") return;
    event.preventDefault();
    action(row);
  };
  const onFocus = (event) => event.target.tagName === "TEXTAREA" && enter(lineOf(event.target));
  const onClick = (event) => {
    const button = event.target.closest("[data-play]");
    if (button) player.toggle(lineOf(button));
  };

  list.addEventListener("keydown", onKey);
  list.addEventListener("focusin", onFocus);
  list.addEventListener("click", onClick);
  // Somebody may have begun before this module was there.
  if (list.contains(document.activeElement)) onFocus({ target: document.activeElement });

  return () => {
    leave();
    for (const line of unsaved) line.stop();
    ime.stop();
    player.stop();
    list.removeEventListener("keydown", onKey);
    list.removeEventListener("focusin", onFocus);
    list.removeEventListener("click", onClick);
  };
}
