// While one types the sound holds; when the hands rest it goes on from a second before. Can be switched off.
const REST_MS = 1000;
const BACK_MS = 1000;
const KEY = "auscult-hold";

export function mountHold({ field, button, playerOf }) {
  let timer = 0;
  let on = true;
  try { on = localStorage.getItem(KEY) !== "off"; } catch { /* on, then */ }
  const show = () => button.setAttribute("aria-pressed", String(on));

  const goOn = () => {
    timer = 0;
    const player = playerOf();
    if (player && !player.isPlaying) player.rewind(BACK_MS);
  };
  const onInput = () => {
    const player = playerOf();
    const playing = player?.isPlaying;
    if (!on || (!timer && !playing)) return; // it was silent before: nothing to go on with
    if (playing) player.pause();
    clearTimeout(timer);
    timer = setTimeout(goOn, REST_MS);
  };
  /** The person has taken the player in hand, or leaves. */
  const forget = () => {
    clearTimeout(timer);
    timer = 0;
  };

  field.addEventListener("input", onInput);
  show();
  return {
    forget,
    toggle() {
      on = !on;
      try { localStorage.setItem(KEY, on ? "on" : "off"); } catch { /* lasts for this page */ }
      forget();
      show();
    },
    stop() {
      forget();
      field.removeEventListener("input", onInput);
    },
  };
}
