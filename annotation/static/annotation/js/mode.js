// How this segment is worked on: heard once and confirmed, corrected, or typed anew beside the draft.
import { createHeard } from "./heard.js";

export function mount({ bench, field, segment, strings, status, player: playerOf, replaceText }) {
  const panel = bench.querySelector("[data-mode]");
  const hint = panel.querySelector("[data-hint]");
  const heard = createHeard(segment.duration_ms);
  const key = `auscult-from-draft:${location.pathname}`;
  let mode = panel.dataset.mode;

  function becomeEdit() {
    mode = "edit";
    panel.dataset.mode = mode;
  }

  try {
    if (mode === "retype" && sessionStorage.getItem(key)) becomeEdit(); // the page was loaded again
  } catch { /* asked anew, then */ }

  return {
    actions: {
      "from-draft"() {
        if (mode !== "retype" || !hint) return status.say(strings.draft_already);
        replaceText(hint.textContent); // what was typed comes back with undo
        field.setSelectionRange(0, 0);
        becomeEdit();
        try { sessionStorage.setItem(key, "1"); } catch { /* lasts for this page */ }
      },
    },
    payload: () => ({ mode }),
    refusal() {
      if (mode !== "confirm" || heard.firstMissingMs === null) return null;
      const player = playerOf();
      if (player && !player.isPlaying) player.playFrom(heard.firstMissingMs);
      return strings.listen_first.replace("{seconds}", Math.ceil(heard.missingMs / 1000));
    },
    onTime: (ms) => heard.at(ms, playerOf()?.isPlaying, performance.now(), playerOf()?.rate),
    stop() {},
  };
}
