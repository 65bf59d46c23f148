// Words that tell who a patient is: marked with a kind, underlined, carried along by every edit, taken off by a click.
import { carrySpans, joinSpans, spansInPoints, spansInUnits } from "./phi_spans.js";

const HIGHLIGHT = "phi";

export function mountPhi({ field, bench, phi, strings, status, touch }) {
  const list = bench.querySelector("[data-phi-marks]");
  const menu = bench.querySelector("[data-phi-menu]");
  const backdrop = bench.querySelector("[data-backdrop]");
  let text = field.value;
  let spans = spansInUnits(phi.spans, text);
  let composed = null; // text and spans from before an input method began: what it shows meanwhile is no text

  function render() {
    list.replaceChildren(...spans.map(mark));
    if (!globalThis.CSS?.highlights) return; // the list says it then
    CSS.highlights.set(HIGHLIGHT, new Highlight(...spans.map(rangeOf).filter(Boolean)));
  }

  function mark(span) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "phi-mark";
    const said = text.slice(span.start, span.end);
    button.title = strings.phi_remove.replace("{kind}", phi.kinds[span.kind]).replace("{text}", said);
    button.setAttribute("aria-label", button.title);
    const kind = document.createElement("span");
    kind.className = "badge";
    kind.textContent = phi.kinds[span.kind];
    const word = document.createElement("span");
    word.lang = "zh-Hant";
    word.textContent = said;
    button.append(kind, word, "✕");
    button.addEventListener("click", () => change(spans.filter((one) => one !== span)));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }

  /** The same letters in the backdrop. */
  function rangeOf({ start, end }) {
    const range = document.createRange();
    const walker = document.createTreeWalker(backdrop, NodeFilter.SHOW_TEXT);
    let at = 0;
    while (walker.nextNode()) {
      const { length } = walker.currentNode;
      if (at <= start && start < at + length) range.setStart(walker.currentNode, start - at);
      if (at < end && end <= at + length) {
        range.setEnd(walker.currentNode, end - at);
        return range;
      }
      at += length;
    }
    return null;
  }

  function change(next) {
    spans = next;
    menu.open = false;
    render();
    touch();
    field.focus({ preventScroll: true });
  }

  function put(kind) {
    let [start, end] = [field.selectionStart, field.selectionEnd];
    while (start < end && /\s/.test(text[start])) start++;
    while (end > start && /\s/.test(text[end - 1])) end--;
    if (start === end) return status.say(strings.select_private);
    const apart = spans.filter((one) => one.end <= start || end <= one.start); // a new mark takes the place of others
    return change([...apart, { start, end, kind }].sort((a, b) => a.start - b.start));
  }

  /** Also before anything is sent: whoever sends may hear of a change before this module does. */
  function follow() {
    if (text === field.value) return;
    const from = composed ?? { spans, text };
    spans = carrySpans(from.spans, from.text, field.value);
    text = field.value;
  }

  const onInput = () => {
    follow();
    render();
  };
  const onClick = (event) => {
    const kind = event.target.closest("[data-phi-kind]")?.dataset.phiKind;
    if (kind) put(kind);
  };
  const onKey = (event) => {
    if (!menu.open) return;
    const chosen = /^[1-9]$/.test(event.key) && menu.querySelectorAll("[data-phi-kind]")[event.key - 1];
    if (!chosen) return;
    put(chosen.dataset.phiKind);
    event.preventDefault();
  };

  const onCompose = () => { composed = { spans, text }; };
  const onComposed = () => { composed = null; };

  field.addEventListener("input", onInput);
  field.addEventListener("compositionstart", onCompose);
  field.addEventListener("compositionend", onComposed);
  menu.addEventListener("click", onClick);
  menu.addEventListener("keydown", onKey);
  render();
  return {
    actions: {
      phi() {
        if (field.selectionStart === field.selectionEnd) return status.say(strings.select_private);
        menu.open = true;
        menu.querySelector("[data-phi-kind]").focus();
      },
    },
    payload() {
      follow();
      return { phi: spansInPoints(spans, text) };
    },
    /** Marks of another text, of which something stands in this one by now. */
    join(marks, other) {
      follow();
      spans = joinSpans(spans, carrySpans(spansInUnits(marks, other), other, text));
      render();
      touch();
    },
    /** The text is there already. */
    restore(marks) {
      spans = spansInUnits(marks, text);
      render();
      touch();
    },
    stop() {
      field.removeEventListener("input", onInput);
      field.removeEventListener("compositionstart", onCompose);
      field.removeEventListener("compositionend", onComposed);
      menu.removeEventListener("click", onClick);
      menu.removeEventListener("keydown", onKey);
      globalThis.CSS?.highlights?.delete(HIGHLIGHT);
    },
  };
}
