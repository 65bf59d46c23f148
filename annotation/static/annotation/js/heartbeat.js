// Tells the server that the person is still here, so that nobody else is given the segment; and that they have
// left, so that it does not wait for the end of the lease.
import { postJson } from "./api.js";

export function mountHeartbeat({ url, leaveUrl, everyMs, lease, onLost }) {
  const beat = async () => {
    try {
      ({ lease } = await postJson(url));
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
  // After a reload the server has renewed the lease already; it knows by the old one that this comes too late.
  const onHide = () => lease && postJson(leaveUrl, { lease }, { keepalive: true }).catch(() => {});
  // Back from the browser's memory: the page lives again.
  const onShow = (event) => event.persisted && beat();
  document.addEventListener("visibilitychange", onWake);
  window.addEventListener("pagehide", onHide);
  window.addEventListener("pageshow", onShow);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", onWake);
    window.removeEventListener("pagehide", onHide);
    window.removeEventListener("pageshow", onShow);
  };
}
