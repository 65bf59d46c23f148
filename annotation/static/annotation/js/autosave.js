// Keeps the draft on the server: a moment after the last change, at once on leaving, again when the line is back.
import { postJson } from "./api.js";

const DELAY_MS = 700;
const RETRY_MS = 5000;

export function mountAutosave({ field, url, payload, onState, onRefused }) {
  let timer = 0;
  let savedText = field.value;
  let savedAt = null;
  let stopped = false;
  let failed = false;

  const isDirty = () => field.value !== savedText;

  async function save(options) {
    clearTimeout(timer);
    if (stopped || !isDirty()) return;
    const text = field.value;
    try {
      await postJson(url, payload(), options);
    } catch (error) {
      failed = true;
      if (stopped) return;
      onState({ state: "unsaved", savedAt, code: error.code });
      // Nobody there: try again. A refusal will not change by itself.
      if (error.status === 0 || error.status >= 500) timer = setTimeout(save, RETRY_MS);
      else onRefused(error);
      return;
    }
    failed = false;
    savedText = text;
    savedAt = Date.now();
    if (stopped) return;
    if (isDirty()) schedule();
    else onState({ state: "saved", savedAt });
  }

  function schedule() {
    clearTimeout(timer);
    if (isDirty()) onState({ state: "typing", savedAt });
    timer = setTimeout(save, DELAY_MS);
  }

  const onHide = () => document.visibilityState === "hidden" && save({ keepalive: true });
  const onLeave = (event) => {
    save({ keepalive: true });
    if (failed && isDirty()) event.preventDefault(); // the browser asks before the text is lost
  };

  field.addEventListener("input", schedule);
  document.addEventListener("visibilitychange", onHide);
  window.addEventListener("beforeunload", onLeave);
  const ticker = setInterval(() => savedAt && !isDirty() && onState({ state: "saved", savedAt }), 1000);

  return {
    save,
    stop() {
      stopped = true;
      clearTimeout(timer);
      clearInterval(ticker);
      field.removeEventListener("input", schedule);
      document.removeEventListener("visibilitychange", onHide);
      window.removeEventListener("beforeunload", onLeave);
    },
  };
}
