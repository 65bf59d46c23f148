// Which parts of a sound have been played. Pure: times in milliseconds.
const BIN_MS = 50;
const SLACK_MS = 250; // a position that is further on than the clock allows was jumped to, not heard
const FORGIVEN_MS = 300; // players end a little early

export function createHeard(durationMs) {
  const bins = new Uint8Array(Math.max(1, Math.floor((durationMs - FORGIVEN_MS) / BIN_MS)));
  let last = null; // { ms, nowMs }
  return {
    /** Where the player stands, and what the clock says: a busy browser may be silent for seconds. */
    at(ms, isPlaying, nowMs, rate = 1) {
      if (isPlaying && last && ms >= last.ms && ms - last.ms <= (nowMs - last.nowMs) * rate + SLACK_MS) {
        bins.fill(1, Math.floor(last.ms / BIN_MS), Math.ceil(ms / BIN_MS));
      }
      last = isPlaying ? { ms, nowMs } : null;
    },
    /** Where the first part begins that was not heard; null once all was. */
    get firstMissingMs() {
      const at = bins.indexOf(0);
      return at < 0 ? null : at * BIN_MS;
    },
    get missingMs() { return bins.filter((bin) => !bin).length * BIN_MS; },
  };
}
