// Sound and waveform of one segment, over wavesurfer.js (global WaveSurfer, served from the Python wheel).
// Knows nothing of text; times in and out are milliseconds from the segment's start.
const RATES = [0.5, 0.65, 0.8, 1, 1.25, 1.5];
const RATE_KEY = "auscult-rate";

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const colours = () => ({
  waveColor: css("--colour-wave"),
  progressColor: css("--colour-wave-played"),
  cursorColor: css("--colour-text"),
});
const storedRate = () => {
  try { return Number(localStorage.getItem(RATE_KEY)) || 1; } catch { return 1; }
};

export async function createPlayer(container, { audioUrl, peaksUrl, durationMs, onTime, onState, onRefused }) {
  const peaks = await fetch(peaksUrl).then((response) => (response.ok ? response.json() : { peaks: [] }));
  const regions = WaveSurfer.Regions.create();
  const surfer = WaveSurfer.create({
    container, height: 96, barWidth: 2, barGap: 1, barRadius: 1, cursorWidth: 2, normalize: true,
    hideScrollbar: true, dragToSeek: true, ...colours(),
    url: audioUrl, peaks: [peaks.peaks.map((value) => value / 127)], duration: durationMs / 1000, plugins: [regions],
  });
  let loop = false;
  surfer.on("timeupdate", (seconds) => onTime(seconds * 1000));
  for (const name of ["play", "pause", "finish"]) surfer.on(name, () => onState(player));
  surfer.on("finish", () => loop && player.play());
  regions.on("region-clicked", (region, event) => {
    event.stopPropagation();
    player.playFrom(region.start * 1000);
  });
  const repaint = () => surfer.setOptions(colours());
  document.addEventListener("auscult:theme", repaint);

  const player = {
    get isPlaying() { return surfer.isPlaying(); },
    get timeMs() { return surfer.getCurrentTime() * 1000; },
    get rate() { return surfer.getPlaybackRate(); },
    get isLooping() { return loop; },
    // A browser may refuse sound until the person has touched the page: said plainly, never swallowed.
    async play() {
      try {
        await surfer.play();
      } catch (error) {
        if (error.name === "NotAllowedError") onRefused();
        else if (error.name !== "AbortError") throw error;
      }
    },
    toggle: () => (surfer.isPlaying() ? surfer.pause() : player.play()),
    pause: () => surfer.pause(),
    seek: (ms) => surfer.setTime(Math.min(Math.max(0, ms), durationMs) / 1000),
    playFrom(ms) {
      player.seek(ms);
      return player.play();
    },
    setRate(rate) {
      surfer.setPlaybackRate(rate, true);
      try { localStorage.setItem(RATE_KEY, rate); } catch { /* lasts for this page */ }
      onState(player);
    },
    changeRate(steps) {
      const at = RATES.findIndex((rate) => rate >= surfer.getPlaybackRate());
      player.setRate(RATES[Math.min(RATES.length - 1, Math.max(0, at + steps))]);
    },
    toggleLoop() {
      loop = !loop;
      onState(player);
    },
    // Only once the length is known (`ready`): before that every region would stand at 0.
    mark: (startMs, endMs, label) => regions.addRegion({
      start: startMs / 1000, end: endMs / 1000, content: label, drag: false, resize: false,
      color: `color-mix(in srgb, ${css("--colour-doubt")} 18%, transparent)`,
    }),
    ready: new Promise((resolve) => surfer.once("ready", resolve)),
    stop() {
      document.removeEventListener("auscult:theme", repaint);
      surfer.destroy();
    },
  };
  player.setRate(storedRate());
  return player;
}
