// What is shown after the end: where the recording is once the worker has stored it (one for each session that the
// dictation took), and what a demo voice said.
const TRIES = 60;
const EVERY_MS = 1000;
const KEPT = ["stored", "private"]; // a recording may be there before: it grows while somebody speaks

export function mount({ root, config, onShown }) {
  const find = (name) => root.querySelector(`[data-live="${name}"]`);
  const place = find("result");
  let at = 0; // which dictation this is about

  /** -> its address; undefined when there is none, or nobody waits for it any more. */
  async function recordingOf(session, mine) {
    const address = config.session.replace("SESSION", session);
    for (let tries = TRIES; tries >= 0 && mine === at; tries--) {
      const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
      const { status, recording } = answer?.ok ? await answer.json() : {};
      if (KEPT.includes(status)) return recording ?? address;
      if (status === "empty") return undefined;
      await new Promise((resolve) => { setTimeout(resolve, EVERY_MS); });
    }
    return undefined;
  }

  async function awaitRecordings(sessions, before) {
    const mine = at;
    for (const [number, session] of sessions.entries()) {
      const address = await recordingOf(session, mine);
      if (mine !== at) return;
      if (address) place.insertBefore(notice(address, sessions.length > 1 ? number + 1 : 0), before);
      onShown();
    }
  }

  function notice(address, part) {
    const open = find("recording").content.cloneNode(true), link = open.querySelector("a");
    link.href = address;
    if (part) link.textContent = config.strings.part.replace("{name}", link.textContent).replace("{number}", part);
    return open;
  }

  return {
    clear() {
      at++;
      place.replaceChildren();
    },
    show(sessions, reference) {
      this.clear();
      if (reference) {
        const said = find("reference").content.cloneNode(true);
        said.querySelector("[data-text]").textContent = reference;
        place.append(said);
      }
      onShown();
      awaitRecordings(sessions, place.firstChild);
    },
    unmount() { at++; },
  };
}
