// Leads to the segment before or after. It is claimed first, so that a refusal is a sentence on this page.
export function mountNeighbours({ bench, run, send }) {
  const panel = bench.querySelector("[data-conflict-panel]");

  async function go(link) {
    if (!link) return;
    await run("save");
    if (panel.hidden) await send(link.dataset.claim);
  }
  const onClick = (event) => {
    const link = event.target.closest("[data-neighbour]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return; // another tab is asked for
    event.preventDefault();
    go(link);
  };
  bench.addEventListener("click", onClick);

  return {
    actions: {
      "go-previous": () => go(bench.querySelector("[data-neighbour='previous']")),
      "go-next": () => go(bench.querySelector("[data-neighbour='next']")),
    },
    stop: () => bench.removeEventListener("click", onClick),
  };
}
