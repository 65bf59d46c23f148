// Milliseconds of real work: between two signs of life at most `idleMs` count, and only with the window in front.
const SIGNS = ["keydown", "input", "pointerdown", "pointermove", "compositionupdate"];

export function mountActiveTime({ startMs = 0, idleMs = 5000, isPlaying = () => false } = {}) {
  let total = startMs;
  let last = performance.now();

  const sign = () => {
    const now = performance.now();
    if (document.hasFocus()) total += Math.min(now - last, idleMs);
    last = now;
  };
  // Listening is work too, though the hands rest.
  const timer = setInterval(() => isPlaying() && sign(), 1000);
  for (const name of SIGNS) document.addEventListener(name, sign, { passive: true });

  return {
    read() {
      return Math.round(total);
    },
    stop() {
      clearInterval(timer);
      for (const name of SIGNS) document.removeEventListener(name, sign);
    },
  };
}
