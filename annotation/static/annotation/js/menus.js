// The page's menus close when the person turns elsewhere, when a text was taken from one, and with Escape.
export function mountMenus({ bench, field }) {
  const open = () => [...bench.querySelectorAll("details.menu[open]")];
  const close = (menu) => { menu.open = false; };

  const onPointer = (event) => open().filter((menu) => !menu.contains(event.target)).forEach(close);
  const onClick = (event) => event.target.closest("[data-action='restore']") && open().forEach(close);
  const onKey = (event) => {
    const menu = event.key === "Escape" && event.target.closest("details.menu[open]");
    if (!menu) return;
    event.preventDefault();
    event.stopPropagation(); // elsewhere the key means play
    close(menu);
    field.focus({ preventScroll: true });
  };

  document.addEventListener("pointerdown", onPointer);
  bench.addEventListener("click", onClick);
  bench.addEventListener("keydown", onKey);
  return {
    stop() {
      document.removeEventListener("pointerdown", onPointer);
      bench.removeEventListener("click", onClick);
      bench.removeEventListener("keydown", onKey);
    },
  };
}
