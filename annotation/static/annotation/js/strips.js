// Under the waveform: speech that the draft has no words for (a bar), words where nobody speaks (hatched).
// Words and shape, not colour alone; a press plays the place with a second around it.

const AROUND_MS = 1000;
const ASK_AGAIN_MS = [1500, 3000, 6000, 12000];

export function mountStrips({ bench, segment, urls, strings, player }) {
  const lane = bench.querySelector("[data-strips]");
  const legend = bench.querySelector("[data-strips-legend]");
  const room = bench.querySelector("[data-strips-room]");
  let timer = 0;
  let stopped = false;

  function place(startMs, endMs, kind, label, text) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = `strip strip-${kind}`;
    button.style.left = `${(100 * startMs) / segment.duration_ms}%`;
    button.style.width = `${(100 * (endMs - startMs)) / segment.duration_ms}%`;
    button.textContent = text;
    button.title = `${label} ${(startMs / 1000).toFixed(1)}–${(endMs / 1000).toFixed(1)} s`;
    button.setAttribute("aria-label", button.title);
    button.addEventListener("click", () => player()?.playFrom(startMs - AROUND_MS));
    return button;
  }

  function show(strips) {
    const parts = [
      ...strips.unwritten.map(([from, to]) => place(from, to, "unwritten", strings.unwritten, strings.unwritten)),
      ...strips.unspoken.map((one) => place(
        one.start_ms, one.end_ms, "unspoken", `${strings.unspoken}: ${one.text}`, one.text,
      )),
    ];
    lane.replaceChildren(...parts);
    const counts = [["unwritten", "▬"], ["unspoken", "▨"]].filter(([name]) => strips[name].length);
    legend.textContent = counts.map(([name, sign]) => `${sign} ${strings[name]}: ${strips[name].length}`).join(" · ");
    room.hidden = !counts.length;
  }

  /** Segments that were stored before it was known where speech is: a worker looks, and this page asks again. */
  async function ask(turn) {
    const answer = await fetch(urls.strips).then((r) => (r.ok ? r.json() : {})).catch(() => ({}));
    if (stopped) return;
    if (answer.strips) return show(answer.strips);
    if (answer.pending && turn < ASK_AGAIN_MS.length) timer = setTimeout(ask, ASK_AGAIN_MS[turn], turn + 1);
  }

  if (segment.strips) show(segment.strips);
  else ask(0);
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
