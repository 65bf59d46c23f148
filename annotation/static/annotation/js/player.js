// Sound and waveform of one segment, over wavesurfer.js (global WaveSurfer, served from the Python wheel).
// Knows nothing of text; times in and out are milliseconds from the segment's start.
import { peaksAt } from "./ahead.js";
import { mountRegions } from "./regions.js";
import { createSpan } from "./span.js";

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
  const peaks = await peaksAt(peaksUrl);
  const plugin = WaveSurfer.Regions.create();
  const surfer = WaveSurfer.create({
    container, height: 96, barWidth: 2, barGap: 1, barRadius: 1, cursorWidth: 2, normalize: true,
    hideScrollbar: true, // a click seeks, a drag marks what is to be heard again
    ...colours(),
    url: audioUrl, peaks: [peaks.peaks.map((value) => value / 127)], duration: durationMs / 1000, plugins: [plugin],
  });
  let loop = false;
  const span = createSpan(surfer, () => {
    regions.clearLoop();
    onState(player);
  });
  const regions = mountRegions(plugin, {
    onMark: (ms) => player.playFrom(ms),
    onDragged: (fromMs, toMs) => player.playSpan(fromMs, toMs, { again: true }),
  });
  surfer.on("timeupdate", (seconds) => {
    onTime(seconds * 1000);
    // A moment later: a click elsewhere is told as time first and as a click after it.
    queueMicrotask(() => surfer.isPlaying() && span.follow(player.timeMs));
  });
  for (const name of ["play", "pause", "finish"]) surfer.on(name, () => onState(player));
  surfer.on("finish", () => !span.follow(durationMs) && loop && player.play());
  surfer.on("interaction", (seconds) => span.leaveUnlessWithin(seconds * 1000));
  surfer.once("ready", () => regions.listenToDrags());
  const repaint = () => surfer.setOptions(colours());
  document.addEventListener("auscult:theme", repaint);

  const jump = (ms) => surfer.setTime(Math.min(Math.max(0, ms), durationMs) / 1000);

  const player = {
    get isPlaying() { return surfer.isPlaying(); },
    get timeMs() { return surfer.getCurrentTime() * 1000; },
    get rate() { return surfer.getPlaybackRate(); },
    get isLooping() { return loop || Boolean(span.current?.again); },
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
    seek(ms) {
      span.leaveUnlessWithin(ms);
      jump(ms);
    },
    /** From here to the end, whatever stretch was heard before. */
    playFrom(ms) {
      span.leave();
      jump(ms);
      return player.play();
    },
    /** Goes back a little and plays on; a stretch that is heard by itself stays one. */
    rewind(ms) {
      const start = span.current?.again ? span.current.fromMs : 0;
      jump(Math.max(start, player.timeMs - ms));
      return player.play();
    },
    /** This stretch alone: once, or `again` and again; `rate` holds until it is left. */
    playSpan(fromMs, toMs, options) {
      const from = Math.max(0, fromMs);
      span.set(from, Math.min(toMs, durationMs), options);
      jump(from);
      onState(player); // who is playing already does not say so again
      return player.play();
    },
    loopSpan(fromMs, toMs) {
      regions.showLoop(fromMs, toMs);
      return player.playSpan(fromMs, toMs, { again: true });
    },
    setRate(rate) {
      span.keepRate(rate);
      surfer.setPlaybackRate(rate, true);
      try { localStorage.setItem(RATE_KEY, rate); } catch { /* lasts for this page */ }
      onState(player);
    },
    changeRate(steps) {
      const at = RATES.findIndex((rate) => rate >= surfer.getPlaybackRate());
      player.setRate(RATES[Math.min(RATES.length - 1, Math.max(0, at + steps))]);
    },
    toggleLoop() {
      loop = !player.isLooping;
      span.leave();
      onState(player);
    },
    mark: regions.mark,
    ready: new Promise((resolve) => surfer.once("ready", resolve)),
    stop() {
      document.removeEventListener("auscult:theme", repaint);
      surfer.destroy();
    },
  };
  player.setRate(storedRate());
  return player;
}
