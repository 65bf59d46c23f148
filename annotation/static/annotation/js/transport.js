// Shows what the player does: time, rate, pressed buttons, the request for a first key; and the reasons menu.
const clock = (ms) => {
  const tenths = Math.floor(Math.max(0, ms) / 100);
  return `${Math.floor(tenths / 600)}:${String(Math.floor(tenths / 10) % 60).padStart(2, "0")}.${tenths % 10}`;
};

export function mountTransport(bench) {
  const $ = (selector) => bench.querySelector(selector);
  const now = $("[data-now]");
  const rate = $("[data-rate]");
  const play = $("button[data-action='toggle']");
  const loop = $("button[data-action='loop']");
  const refusal = $("[data-refused]");
  const reasons = $("details[data-reasons]");

  // A menu closes when the person goes elsewhere.
  const onPointer = (event) => {
    if (!reasons.contains(event.target)) reasons.open = false;
  };
  document.addEventListener("pointerdown", onPointer);
  // While the menu has the focus a bare number chooses.
  const onKey = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !reasons.open || !/^[1-9]$/.test(event.key)) return;
    reasons.querySelectorAll("button")[event.key - 1]?.click();
    event.preventDefault();
  };
  reasons.addEventListener("keydown", onKey);

  return {
    time(ms) {
      now.textContent = clock(ms);
    },
    state(player) {
      play.querySelector("[data-label]").textContent = player.isPlaying ? play.dataset.pause : play.dataset.play;
      rate.textContent = `${player.rate}×`;
      loop.setAttribute("aria-pressed", String(player.isLooping));
      if (player.isPlaying) refusal.hidden = true;
    },
    refused() {
      refusal.hidden = false;
    },
    openReasons() {
      reasons.open = true;
      reasons.querySelector("button").focus();
    },
    closeReasons() {
      const wasOpen = reasons.open;
      reasons.open = false;
      return wasOpen;
    },
    stop() {
      document.removeEventListener("pointerdown", onPointer);
      reasons.removeEventListener("keydown", onKey);
    },
  };
}
