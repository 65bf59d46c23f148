// Which parts of a sound have been played. Pure: times in milliseconds.
const BIN_MS = 50;
const JUMP_MS = 900; // two signs of the player further apart than this are a jump, not listening
const FORGIVEN_MS = 300; // players end a little early

export function createHeard(durationMs) {
  const bins = new Uint8Array(Math.max(1, Math.floor((durationMs - FORGIVEN_MS) / BIN_MS)));
  let last = null;
  return {
    at(ms, isPlaying) {
      if (isPlaying && last !== null && ms >= last && ms - last < JUMP_MS) {
        bins.fill(1, Math.floor(last / BIN_MS), Math.ceil(ms / BIN_MS));
      }
      last = isPlaying ? ms : null;
    },
    /** Where the first part begins that was not heard; null once all was. */
    get firstMissingMs() {
      const at = bins.indexOf(0);
      return at < 0 ? null : at * BIN_MS;
    },
    get missingMs() { return bins.filter((bin) => !bin).length * BIN_MS; },
  };
}
