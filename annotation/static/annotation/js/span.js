// One stretch of the sound that is played by itself: once, or again and again, perhaps slower than the rest.
export function createSpan(surfer, onLeave) {
  let current = null; // { fromMs, toMs, again, rateAfter }

  const span = {
    get current() { return current; },
    set(fromMs, toMs, { again = false, rate = 0 } = {}) {
      const rateAfter = current?.rateAfter ?? surfer.getPlaybackRate();
      current = { fromMs, toMs, again, rateAfter };
      surfer.setPlaybackRate(rate || rateAfter, true);
    },
    leave() {
      if (!current) return;
      surfer.setPlaybackRate(current.rateAfter, true);
      current = null;
      onLeave();
    },
    /** The person has chosen another rate: it stays. */
    keepRate(rate) {
      if (current) current.rateAfter = rate;
    },
    leaveUnlessWithin(ms) {
      if (current && (ms < current.fromMs || ms > current.toMs)) span.leave();
    },
    /** At the end of the stretch: back to its start, or silence. True when this was the end. */
    follow(ms) {
      if (!current || ms < current.toMs) return false;
      if (current.again) {
        surfer.setTime(current.fromMs / 1000);
        if (!surfer.isPlaying()) surfer.play();
      } else {
        surfer.pause();
        span.leave();
      }
      return true;
    },
  };
  return span;
}
