// The microphone as the page shows it: which one, how loud, and a plain word when nothing or too much comes.
import { Level } from "./level.js";
import { mount as mountChoice } from "./microphones.js";

export function mount({ root, strings }) {
  const find = (name) => root.querySelector(`[data-live="${name}"]`);
  const [select, meter, hint] = ["microphone", "meter", "hint"].map(find);
  const choice = mountChoice(select, strings);
  let level = new Level(), notice = "";

  function say(text) {
    if (hint.textContent !== text) hint.textContent = text;
    hint.dataset.wrong = Boolean(text);
  }

  return {
    chosen: choice.chosen,
    refresh: choice.refresh,
    onChoice: (act) => select.addEventListener("microphone", ({ detail }) => act(detail)),
    heard(peak) {
      meter.style.setProperty("--level", Level.shown(peak).toFixed(3));
      const found = level.heard(peak);
      say(found ? strings[found] : notice);
    },
    recorded: choice.recorded,
    changed(id) {
      choice.recorded(id);
      notice = strings.microphone_changed.replace("{name}", choice.nameOf(id));
      level = new Level();
      say(notice);
    },
    quiet() {
      meter.style.setProperty("--level", 0);
      level = new Level();
      notice = "";
      say("");
    },
    unmount: choice.unmount,
  };
}
