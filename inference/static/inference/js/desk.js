// The two buttons: what they say, when they can be pressed, and where the focus is. A button that is off loses the
// focus; who works with the keyboard finds it again on the button that is on.
const NAMES = { recording: "button_pause", paused: "button_resume", finished: "button_again", failed: "button_again" };

export function mount({ root, strings, onPress, onFinish }) {
  const stop = new AbortController();
  const [button, finish] = ["button", "finish"].map((name) => root.querySelector(`[data-live="${name}"]`));
  let held = null; // had the focus when it went off

  function show(mode) {
    if ([button, finish].includes(document.activeElement)) held = document.activeElement;
    button.textContent = strings[NAMES[mode] ?? "button_start"];
    button.disabled = mode === "asking" || mode === "finishing";
    finish.disabled = mode !== "recording" && mode !== "paused";
    if (!button.disabled) giveBack();
  }

  function giveBack() {
    const to = held?.disabled ? button : held;
    held = null;
    if ([document.body, null, button, finish].includes(document.activeElement)) to?.focus({ preventScroll: true });
  }

  button.addEventListener("click", onPress, { signal: stop.signal });
  finish.addEventListener("click", onFinish, { signal: stop.signal });
  return { show, unmount: () => stop.abort() };
}
