// The places where two texts differ, and the field that holds the result: a choice changes its own place only,
// so that what was written by hand elsewhere stays.
import { carry } from "./alignment.js";

export function mountPlaces({ bench, field, pieces, decided, onChange }) {
  const groups = [...bench.querySelectorAll("[data-place]")];
  const chosen = new Map(groups.map((group) => [group, decided ? 0 : null]));
  let built = field.value; // the text that `spans` stand in
  let spans = laid(pieces.map(([left]) => left));
  let current = -1;
  let written = false; // by hand: then the reviewer says what is right, whatever the places say

  function laid(texts) {
    let at = 0;
    return texts.map((text) => ({ text, from: at, to: (at += text.length) }));
  }

  /** The spans where they stand now, after whatever was typed. */
  function follow() {
    if (field.value === built) return;
    spans = carry(spans, built, field.value).map(({ from, to }) => ({ text: field.value.slice(from, to), from, to }));
    built = field.value;
  }

  function put(index, text) {
    follow();
    const { from, to } = spans[index];
    field.setRangeText(text, from, to, "end");
    const grown = text.length - (to - from);
    spans = spans.map((span, at) => {
      if (at === index) return { text, from, to: from + text.length };
      return at > index ? { ...span, from: span.from + grown, to: span.to + grown } : span;
    });
    built = field.value;
  }

  const left = () => (written ? 0 : [...chosen.values()].filter((side) => side === null).length);

  function choose(group, side) {
    chosen.set(group, side);
    put(Number(group.dataset.place), pieces[Number(group.dataset.place)][side]);
    show();
  }

  function show() {
    for (const [group, side] of chosen) {
      group.toggleAttribute("data-current", group === groups[current]);
      for (const button of group.querySelectorAll("[data-side]")) {
        button.setAttribute("aria-pressed", String(Number(button.dataset.side) === side));
      }
    }
    onChange(left());
  }

  const onInput = () => {
    written = true;
    show();
  };
  // keys.js hands over what the button says, not the button: its place is remembered here.
  const onClick = (event) => {
    const group = event.target.closest("[data-place]");
    if (group) current = groups.indexOf(group);
  };
  field.addEventListener("input", onInput);
  bench.addEventListener("click", onClick, { capture: true });
  show();

  return {
    get undecided() {
      return left() > 0;
    },
    take(side) {
      if (!groups.length) return;
      choose(groups[Math.max(0, current)], side);
      this.step(1);
    },
    takeAll(side) {
      for (const group of groups) choose(group, side);
    },
    step(by) {
      if (!groups.length) return;
      current = Math.min(groups.length - 1, Math.max(0, current + by));
      show();
    },
    stop() {
      field.removeEventListener("input", onInput);
      bench.removeEventListener("click", onClick, { capture: true });
    },
  };
}
