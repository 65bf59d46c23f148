// The preview of a correction elsewhere: each place with its context, its sound and a box to leave it out.
import { mount as mountSounds } from "./segment_list.js";

const SEARCH_MS = 400;
// One hanzi alone is right in most other places: nothing is ticked for the person.
const isRisky = (wrong) => [...wrong].length === 1;

export function openFixDialog(bench, template, { wrong, right }, { search, apply, strings, onClose }) {
  const dialog = template.content.firstElementChild.cloneNode(true);
  const $ = (name) => dialog.querySelector(`[data-fix="${name}"]`);
  const fields = { wrong: $("wrong"), right: $("right") };
  fields.wrong.value = wrong;
  fields.right.value = right;
  let timer = 0;
  let asked = 0;

  function row(one) {
    const item = $("row").content.firstElementChild.cloneNode(true);
    const box = item.querySelector("input");
    box.value = one.uuid;
    box.checked = !isRisky(fields.wrong.value.trim());
    item.querySelector("[data-before]").textContent = one.before;
    item.querySelector("mark").textContent = one.match;
    item.querySelector("[data-after]").textContent = one.after;
    item.querySelector("[data-title]").textContent = one.title;
    item.querySelector("[data-audio]").dataset.audio = one.audio;
    return item;
  }

  async function look() {
    const turn = ++asked;
    const word = fields.wrong.value.trim();
    let answer = { found: [], bound: "" };
    try {
      if (word) answer = await search(word);
    } catch {
      $("remark").textContent = strings.unreachable;
    }
    if (turn !== asked) return; // another word was typed meanwhile
    $("list").replaceChildren(...answer.found.map(row));
    $("bound").textContent = answer.bound;
    $("none").hidden = answer.found.length > 0;
    $("risky").hidden = !isRisky(word);
    count();
  }

  const chosen = () => [...$("list").querySelectorAll("input:checked")].map((box) => box.value);
  function count() {
    const { length } = chosen();
    $("apply").textContent = strings.fix_apply.replace("{count}", length);
    $("apply").disabled = !length || !fields.right.value.trim();
  }

  async function onApply() {
    $("apply").disabled = true;
    try {
      await apply({ wrong: fields.wrong.value.trim(), right: fields.right.value.trim(), segments: chosen() });
      dialog.close();
    } catch (error) {
      $("remark").textContent = error.message || strings.unreachable;
      count();
    }
  }

  const stopSounds = mountSounds(dialog);
  fields.wrong.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, SEARCH_MS);
  });
  dialog.addEventListener("input", count);
  $("apply").addEventListener("click", onApply);
  $("cancel").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    clearTimeout(timer);
    stopSounds();
    dialog.remove();
    onClose();
  });
  bench.append(dialog);
  dialog.showModal();
  fields.right.focus();
  look().then(() => right && $("apply").focus());
  return dialog;
}
