// Words that tell who a patient is: marked with a kind, underlined, carried along by every edit, taken off by a click.
import { charMap } from "./alignment.js";
import { pointsOf, unitsOf } from "./insert.js";

const HIGHLIGHT = "phi";

/** Spans carried from one text to the next; one of which nothing is left is gone. Pure. */
export function carrySpans(spans, before, after) {
  if (!spans.length || before === after) return spans;
  const map = charMap(before, after);
  return spans.flatMap((span) => {
    const kept = map.slice(span.start, span.end).filter((place) => place >= 0);
    return kept.length ? [{ ...span, start: kept[0], end: kept.at(-1) + 1 }] : [];
  });
}

export function mountPhi({ field, bench, phi, strings, status, touch }) {
  const list = bench.querySelector("[data-phi-marks]");
  const menu = bench.querySelector("[data-phi-menu]");
  const backdrop = bench.querySelector("[data-backdrop]");
  let text = field.value;
  let spans = phi.spans.map((span) => ({
    kind: span.kind, start: unitsOf(text, span.start), end: unitsOf(text, span.end),
  }));

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

  const onInput = () => {
    spans = carrySpans(spans, text, field.value);
    text = field.value;
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

  field.addEventListener("input", onInput);
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
    payload: () => ({
      phi: spans.map(({ start, end, kind }) => ({
        start: pointsOf(text, start), end: pointsOf(text, end), kind,
      })),
    }),
    stop() {
      field.removeEventListener("input", onInput);
      menu.removeEventListener("click", onClick);
      menu.removeEventListener("keydown", onKey);
      globalThis.CSS?.highlights?.delete(HIGHLIGHT);
    },
  };
}
