// Has the sound heard again, in another language or by another model. The answer stands beside the text until
// the person takes it, as if typed; the draft itself stays what it was.
import { carry, charMap } from "./alignment.js";
import { postJson } from "./api.js";
import { fill } from "./status.js";

export function mountHear({ bench, field, segment, strings, status, words, refused }) {
  const $ = (selector) => bench.querySelector(selector);
  const menu = $("[data-hear]");
  const panel = $("[data-heard]");
  const model = $("[data-hear-model]");
  if (!menu) return { stop() {} };
  let asked = null;
  let waiting = false;
  let stopped = false;

  /** Which words are selected, widened to whole ones, and when they sound; the whole segment without any. */
  function selection() {
    const before = field.value;
    const [from, to] = [field.selectionStart, field.selectionEnd];
    const own = from === to ? [] : carry(words.located, segment.draft_text, before)
      .filter((word) => word.from < to && word.to > from && word.start_ms !== null);
    if (!own.length) return { before, from: 0, to: before.length, startMs: 0, endMs: segment.duration_ms };
    return {
      before,
      from: Math.min(from, own[0].from),
      to: Math.max(to, own.at(-1).to),
      startMs: Math.min(...own.map((word) => word.start_ms)),
      endMs: Math.max(...own.map((word) => word.end_ms)),
    };
  }

  async function open() {
    menu.open = true;
    menu.querySelector("button").focus();
    if (model.options.length) return;
    try {
      const response = await fetch(menu.dataset.hear, { headers: { Accept: "application/json" } });
      const { models } = await response.json();
      model.replaceChildren(...models.map((one) => new Option(one.name, one.uuid)));
    } catch {
      status.say(strings.unreachable); // without a choice the live model hears
    }
  }

  async function ask(language) {
    if (waiting) return;
    const place = selection();
    menu.open = false;
    field.focus();
    waiting = true;
    status.say(strings.hearing);
    try {
      const heard = await postJson(menu.dataset.hear, {
        language, model: model.value, start_ms: place.startMs, end_ms: place.endMs,
      });
      if (!stopped) show(heard, place);
    } catch (error) {
      if (!stopped) refused(error);
    } finally {
      waiting = false;
    }
  }

  function show(heard, place) {
    asked = { ...place, text: heard.text };
    status.say("");
    const part = place.before.slice(place.from, place.to);
    $("[data-heard-by]").textContent = fill(part === place.before ? strings.heard_all : strings.heard_part, {
      language: strings[`language_${heard.language}`] ?? heard.language, model: heard.model, part,
    });
    $("[data-heard-text]").textContent = heard.text || strings.heard_nothing;
    $("[data-action='hear-take']").disabled = !heard.text;
    panel.hidden = false;
  }

  /** Where the asked part stands now: the person may have typed on in the meantime. */
  function placeNow() {
    if (field.value === asked.before) return [asked.from, asked.to];
    if (asked.from === 0 && asked.to === asked.before.length) return [0, field.value.length];
    const kept = charMap(asked.before, field.value).slice(asked.from, asked.to).filter((at) => at >= 0);
    return kept.length ? [kept[0], kept.at(-1) + 1] : [field.selectionStart, field.selectionEnd];
  }

  function take() {
    if (!asked?.text) return;
    const [from, to] = placeNow();
    field.focus();
    field.setSelectionRange(from, to);
    if (!document.execCommand("insertText", false, asked.text)) {
      field.setRangeText(asked.text, from, to, "end");
      field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }
    drop();
  }

  function drop() {
    asked = null;
    panel.hidden = true;
    field.focus();
  }

  const onToggle = () => menu.open && open();
  menu.addEventListener("toggle", onToggle);

  return {
    actions: {
      hear: ({ language } = {}) => (language ? ask(language) : open()),
      "hear-take": take,
      "hear-drop": drop,
    },
    stop() {
      stopped = true;
    },
  };
}
