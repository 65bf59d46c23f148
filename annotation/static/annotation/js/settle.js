// A reviewer settles two texts: takes either side at each place where they differ, or writes what was said.
import { mountActiveTime } from "./active_time.js";
import { postJson } from "./api.js";
import { watchComposition } from "./ime.js";
import { mountKeys } from "./keys.js";
import { mountPlaces } from "./places.js";
import { visit } from "./visit.js";

export function mount(bench) {
  const $ = (selector) => bench.querySelector(selector);
  const { pieces, decided, version, urls, strings } = JSON.parse($("#settle-data").textContent);
  const [field, sound, problem] = [$("#text"), $("[data-sound]"), $("[data-problem]")];
  const active = mountActiveTime({ isPlaying: () => !sound.paused });
  const ime = watchComposition(field);
  let busy = false;

  const places = mountPlaces({
    bench, field, pieces, decided,
    onChange(left) {
      const text = left === 1 ? strings.left_one : left ? strings.left : strings.left_none;
      $("[data-left]").textContent = text.replace("{count}", left);
    },
  });

  async function send(url, body) {
    if (busy) return;
    busy = true;
    try {
      const { next } = await postJson(url, body);
      sound.pause();
      await visit(next ?? urls.list);
    } catch (error) {
      // The result stays in the field, whatever was refused.
      problem.textContent = strings[error.code] ?? (error.message || strings.failed);
      problem.hidden = false;
    } finally {
      busy = false;
    }
  }

  const play = (from) => {
    if (from !== undefined) sound.currentTime = Math.max(0, from);
    sound.play().catch(() => {}); // until a key is pressed the browser may forbid it; the controls stand there
  };
  const say = (text) => { $("[data-spoken]").textContent = text; };
  const actions = {
    take: ({ side }) => places.take(Number(side)),
    "take-first": () => places.take(0),
    "take-second": () => places.take(1),
    "take-all": ({ side }) => places.takeAll(Number(side)),
    "next-place": () => places.step(1),
    "previous-place": () => places.step(-1),
    toggle: () => (sound.paused ? play() : sound.pause()),
    replay: () => play(0),
    back: () => play(sound.currentTime - 1),
    confirm() {
      if (places.undecided) return say(strings.undecided);
      return send(urls.submit, { text: field.value, version, active_edit_ms: active.read() });
    },
    unusable: ({ reason }) => send(urls.set_aside, { reason }),
    "plain-enter": () => say(strings.enter),
  };
  const stopKeys = mountKeys(bench, { field, ime, run: (action, detail) => actions[action]?.(detail) });
  places.step(1);
  play(0);

  return () => {
    stopKeys();
    for (const part of [active, ime, places]) part.stop();
    sound.pause();
  };
}
