// Plays segments from a list, one at a time: a second press stops.
export function mount(element) {
  const audio = new Audio();
  let playing = null;

  const stop = () => {
    audio.pause();
    playing?.setAttribute("aria-pressed", "false");
    if (playing) playing.textContent = "▶";
    playing = null;
  };
  const onClick = (event) => {
    const button = event.target.closest("[data-audio]");
    if (!button) return;
    const again = button === playing;
    stop();
    if (again) return;
    playing = button;
    button.setAttribute("aria-pressed", "true");
    button.textContent = "■";
    audio.src = button.dataset.audio;
    // The next press aborts a start that is still under way: it must not stop what follows.
    audio.play().catch(() => playing === button && stop());
  };
  audio.addEventListener("ended", stop);
  element.addEventListener("click", onClick);
  return () => {
    stop();
    element.removeEventListener("click", onClick);
  };
}
