// What is shown after the end: where the recording is once the worker has stored it, and what a demo voice said.
const TRIES = 60;
const KEPT = ["stored", "private"]; // a recording may be there before: it grows while somebody speaks

export function mount({ root, config, onShown }) {
  const find = (name) => root.querySelector(`[data-live="${name}"]`);
  const place = find("result");
  let at = 0; // which dictation this is about

  async function awaitRecording(address, mine, tries = TRIES) {
    const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
    const state = answer?.ok ? await answer.json() : {};
    if (mine !== at) return;
    if (KEPT.includes(state.status)) {
      const open = find("recording").content.cloneNode(true);
      open.querySelector("a").href = state.recording ?? address;
      place.prepend(open);
      onShown();
    } else if (state.status !== "empty" && tries > 0) setTimeout(() => awaitRecording(address, mine, tries - 1), 1000);
  }

  return {
    clear() {
      at++;
      place.replaceChildren();
    },
    show(session, reference) {
      this.clear();
      if (reference) {
        const said = find("reference").content.cloneNode(true);
        said.querySelector("[data-text]").textContent = reference;
        place.append(said);
      }
      onShown();
      if (session) awaitRecording(config.session.replace("SESSION", session), at);
    },
    unmount() { at++; },
  };
}
