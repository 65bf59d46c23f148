// What is drawn over the waveform: the doubtful words, and the stretch that is heard again and again.
const SHORTEST_MS = 120; // less is a click whose hand trembled

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const tint = (name, share) => `color-mix(in srgb, ${css(name)} ${share}%, transparent)`;

export function mountRegions(regions, { onMark, onDragged }) {
  let loop = null;

  const spanOf = (region) => [region.start * 1000, region.end * 1000];
  const takeAsLoop = (region) => {
    if (loop !== region) loop?.remove();
    loop = region;
    onDragged(...spanOf(region));
  };
  regions.on("region-created", (region) => {
    if (!region.drag) return; // a mark, or one that is made below
    const [from, to] = spanOf(region);
    if (to - from < SHORTEST_MS) region.remove();
    else takeAsLoop(region);
  });
  regions.on("region-updated", (region) => region === loop && onDragged(...spanOf(region)));
  regions.on("region-clicked", (region, event) => {
    if (region === loop) return; // the click goes on to the waveform
    event.stopPropagation();
    onMark(region.start * 1000);
  });

  return {
    // Only once the length is known (`ready`): before that every region would stand at 0.
    mark: (startMs, endMs, label) => regions.addRegion({
      start: startMs / 1000, end: endMs / 1000, content: label, drag: false, resize: false,
      color: tint("--colour-doubt", 18),
    }),
    listenToDrags: () => regions.enableDragSelection({ color: tint("--colour-accent", 22) }),
    showLoop(fromMs, toMs) {
      loop?.remove();
      loop = regions.addRegion({
        start: fromMs / 1000, end: toMs / 1000, drag: false, resize: true, color: tint("--colour-accent", 22),
      });
    },
    clearLoop() {
      loop?.remove();
      loop = null;
    },
  };
}
