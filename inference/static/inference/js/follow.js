// Keeps the newest text in sight, until the person scrolls up to read; then a button leads back to now.
const NEAR_PX = 80;

export function mount(box, button) {
  let following = true;
  const gap = () => box.scrollHeight - box.scrollTop - box.clientHeight;
  const show = () => { button.hidden = following || gap() < NEAR_PX; };

  function toEnd() {
    following = true;
    box.scrollTop = box.scrollHeight;
    show();
  }

  const onScroll = () => {
    following = gap() < NEAR_PX;
    show();
  };
  const onClick = () => {
    toEnd();
    box.focus({ preventScroll: true });
  };
  box.addEventListener("scroll", onScroll, { passive: true });
  button.addEventListener("click", onClick);
  return {
    toEnd,
    grown: () => (following ? toEnd() : show()),
    hold: () => { following = false; },
    unmount() {
      box.removeEventListener("scroll", onScroll);
      button.removeEventListener("click", onClick);
    },
  };
}
