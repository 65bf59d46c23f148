// Somebody saved this segment meanwhile: both texts side by side, the person chooses, nothing is overwritten.
export function mountConflict(panel, { onMine, onTheirs }) {
  const [theirs, mine] = ["theirs", "mine"].map((name) => panel.querySelector(`[data-conflict="${name}"]`));
  let detail = null;

  const onClick = (event) => {
    const choice = event.target.closest("[data-choose]")?.dataset.choose;
    if (!choice || !detail) return;
    panel.hidden = true;
    if (choice === "mine") onMine(detail);
    else onTheirs(detail);
  };
  panel.addEventListener("click", onClick);

  return {
    show(body) {
      detail = body;
      theirs.textContent = body.theirs;
      mine.textContent = body.yours;
      panel.hidden = false;
      panel.querySelector("[data-choose]").focus();
    },
    stop: () => panel.removeEventListener("click", onClick),
  };
}
