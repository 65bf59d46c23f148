// Plays lines of a recording and shows on the whole waveform where the sound is. One audio element for all.
import { lineBeside, linesOf } from "./transcript_lines.js";

const clock = (ms) => {
  const tenths = Math.floor(Math.max(0, ms) / 100);
  return `${Math.floor(tenths / 600)}:${String(Math.floor(tenths / 10) % 60).padStart(2, "0")}.${tenths % 10}`;
};

export function mountLinePlayer(page, { urls, any, duration_ms: durationMs }) {
  const audio = new Audio();
  const lines = linesOf(page.querySelector("[data-lines]"));
  const wave = page.querySelector("[data-wave]");
  const now = page.querySelector("[data-wave-now]");
  const time = page.querySelector("[data-now]");
  const goOn = page.querySelector("[data-play-on]");
  let playing = null; // the line that the audio element holds

  const show = (ms) => {
    time.textContent = clock(ms);
    now.hidden = false;
    now.style.left = `${(100 * ms) / durationMs}%`;
  };
  const mark = (row, isOn) => {
    row?.toggleAttribute("data-playing", isOn);
    const button = row?.querySelector("[data-play]");
    if (button) button.textContent = isOn ? "■" : "▶";
  };

  function play(row, fromMs = 0) {
    if (playing !== row) {
      mark(playing, false);
      playing = row;
      audio.src = urls.audio.replace(any, row.id.slice(2));
    }
    audio.currentTime = fromMs / 1000;
    return audio.play().catch(() => mark(row, false)); // replaced by the next line, or not allowed yet
  }

  /** The last line that begins at or before `ms`: lines stand in the order of time. */
  function lineAt(ms) {
    let [low, high] = [0, lines.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (Number(lines[middle].dataset.start) <= ms) low = middle;
      else high = middle - 1;
    }
    return lines[low];
  }

  const onWave = (event) => {
    const { left, width } = wave.getBoundingClientRect();
    const ms = (durationMs * (event.clientX - left)) / width;
    const row = lineAt(ms);
    row.scrollIntoView({ block: "center" });
    row.querySelector("textarea").focus({ preventScroll: true });
    show(Number(row.dataset.start));
  };
  const onGoOn = () => goOn.setAttribute("aria-pressed", String(goOn.getAttribute("aria-pressed") !== "true"));
  const goesOn = () => goOn.getAttribute("aria-pressed") === "true";

  audio.addEventListener("timeupdate", () => playing && show(Number(playing.dataset.start) + audio.currentTime * 1000));
  audio.addEventListener("play", () => mark(playing, true));
  audio.addEventListener("pause", () => mark(playing, false));
  audio.addEventListener("ended", () => {
    mark(playing, false);
    const next = lineBeside(playing, 1);
    if (!goesOn() || !next) return;
    next.scrollIntoView({ block: "nearest" });
    play(next);
  });
  wave.addEventListener("click", onWave);
  goOn.addEventListener("click", onGoOn);

  return {
    play,
    get isPlaying() { return !audio.paused; },
    get goesOn() { return goesOn(); },
    toggle(row) {
      if (playing === row && !audio.paused) audio.pause();
      else play(row, playing === row && !audio.ended ? audio.currentTime * 1000 : 0);
    },
    back: (row) => play(row, playing === row ? Math.max(0, audio.currentTime * 1000 - 1000) : 0),
    stop() {
      audio.pause();
      audio.removeAttribute("src");
      wave.removeEventListener("click", onWave);
      goOn.removeEventListener("click", onGoOn);
    },
  };
}
