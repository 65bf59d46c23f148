// After a word was put right: where else it waits, and the same correction there at one key.
import { postJson } from "./api.js";
import { correctionsOf } from "./corrections.js";
import { openFixDialog } from "./fix_dialog.js";

const REST_MS = 1200; // the hands have rested: the word is finished

const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const asKey = ({ wrong, right }) => `${wrong}\n${right}`;

export function mount({ bench, field, ime, segment, strings, status, words, player, refused }) {
  const panel = bench.querySelector("[data-fixes]");
  const line = panel.querySelector("[data-fix-line]");
  const look = panel.querySelector("[data-action='fix-everywhere']");
  const undo = panel.querySelector("[data-fix-undo]");
  const template = panel.querySelector("template");
  const { url } = panel.dataset;
  const changes = () => correctionsOf(words.located, words.current, segment.draft_text, field.value);
  // What was put right before this page opened was offered then.
  const known = new Set(changes().map(asKey));
  let offer = null;
  let timer = 0;
  let dialog = null;
  let gone = false;

  async function search(wrong) {
    const response = await fetch(`${url}?${new URLSearchParams({ wrong })}`, {
      headers: { Accept: "application/json" }, credentials: "same-origin",
    });
    return response.ok ? response.json() : { found: [], bound: "" };
  }

  /** The newest correction that has not been offered yet. */
  async function consider() {
    timer = 0;
    if (gone || ime.owns({})) return;
    const all = changes();
    const fresh = all.filter((one) => !known.has(asKey(one)));
    for (const one of fresh) known.add(asKey(one));
    if (offer && !all.some((one) => asKey(one) === asKey(offer))) hide();
    const newest = fresh.at(-1);
    if (!newest) return;
    try {
      const { found } = await search(newest.wrong);
      if (!gone && found.length) show(newest, found.length);
    } catch { /* an offer that does not come costs nothing */ }
  }

  function show(correction, count) {
    offer = correction;
    undo.hidden = true;
    line.textContent = fill(strings.fix_offer, { ...correction, count });
    look.hidden = false;
  }
  function hide() {
    offer = null;
    line.textContent = "";
    look.hidden = undo.hidden = true;
  }

  function open() {
    if (dialog) return;
    const chosen = field.value.slice(field.selectionStart, field.selectionEnd).trim();
    const start = chosen && chosen !== offer?.right ? { wrong: chosen, right: "" } : offer;
    if (!start) return status.say(strings.fix_nothing);
    player()?.pause();
    dialog = openFixDialog(bench, template, start, {
      search,
      strings,
      apply: async (fix) => {
        const answer = await postJson(url, fix);
        known.add(asKey(fix));
        line.textContent = answer.message;
        look.hidden = true;
        undo.hidden = false;
        undo.dataset.url = answer.undo;
      },
      onClose() {
        dialog = null;
        field.focus();
      },
    });
  }

  const onInput = () => {
    clearTimeout(timer);
    timer = setTimeout(consider, REST_MS);
  };
  const onUndo = async () => {
    try {
      line.textContent = (await postJson(undo.dataset.url)).message;
      undo.hidden = true;
      field.focus();
    } catch (error) {
      refused(error);
    }
  };
  field.addEventListener("input", onInput);
  undo.addEventListener("click", onUndo);

  return {
    actions: { "fix-everywhere": open },
    stop() {
      gone = true;
      clearTimeout(timer);
      dialog?.close();
      field.removeEventListener("input", onInput);
      undo.removeEventListener("click", onUndo);
    },
  };
}
