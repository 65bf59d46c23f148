// Tells the server that the person is still here, so that nobody else is given the segment.
import { postJson } from "./api.js";

export function mountHeartbeat({ url, everyMs, onLost }) {
  const beat = async () => {
    try {
      await postJson(url);
    } catch (error) {
      // No answer is no news: the lease outlasts a few missed beats.
      if (error.status !== 0 && error.status < 500) {
        clearInterval(timer);
        onLost(error);
      }
    }
  };
  const timer = setInterval(beat, everyMs);
  // A laptop that was asleep asks at once.
  const onWake = () => document.visibilityState === "visible" && beat();
  document.addEventListener("visibilitychange", onWake);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", onWake);
  };
}
