// Splits at the caret and joins with a neighbour. The server keeps what was typed and leads to the new segment.
const FRESH_MS = 5000;
// Where the two texts met, for the page that opens after a join: a split there takes it back.
let seam = null;

export function mountCuts({ field, urls, player, send, written }) {
  if (seam && performance.now() - seam.at < FRESH_MS) {
    const caret = seam.side === "next" ? seam.length : field.value.length - seam.length;
    // After the page has put the caret where it always begins.
    queueMicrotask(() => field.setSelectionRange(caret, caret));
  }
  seam = null;

  const isInside = (caret) => field.value.slice(0, caret).trim() && field.value.slice(caret).trim();

  function split() {
    const caret = field.selectionStart;
    const place = isInside(caret) ? { caret } : { at_ms: Math.round(player()?.timeMs ?? 0) };
    return send(urls.split, { ...written(), ...place });
  }

  function merge(side) {
    seam = { side, length: field.value.length, at: performance.now() };
    return send(urls.merge, { ...written(), side });
  }

  return {
    actions: {
      split,
      "merge-previous": () => merge("previous"),
      "merge-next": () => merge("next"),
    },
    stop() {},
  };
}
