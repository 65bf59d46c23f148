// What earlier windows left in the journal: sent in order as soon as somebody answers, also before logging out.
// What the server refuses is shown with its text, for the person to open or to give up; it is never dropped.
import { isPassing, postJson } from "./api.js";
import { grouped, isGoneOnFrom, openJournal } from "./journal.js";

const RETRY_MS = 5000;
const LOGOUT_MS = 2000; // longer, nobody waits for a log-out

/** Refused because another text is there, but not one letter differs: it has arrived already. Nobody tells here
 *  whether its marks have; its own page does. */
const isThereAlready = (error, { body }) =>
  !body.phi?.length && (error.body.pieces?.every((piece) => piece.mine === piece.theirs) ?? false);

export function mount(element) {
  const { person } = element.closest("[data-person]").dataset;
  const journal = openJournal(person);
  const list = element.querySelector("[data-list]");
  const shown = new Map();
  let timer = 0;
  let stopped = false;

  const forget = ({ segment, window, number }) => journal.drop(segment, window, number);

  /** Submits in their order, then the newest draft behind them. */
  async function send(group) {
    let start = {};
    for (const entry of group) {
      const isLast = entry === group.at(-1);
      if (entry.kind === "draft" && !isLast) continue; // a later change holds it
      const answer = await postJson(entry.url, { ...entry.body, ...start, stay: true });
      if (entry.kind === "submit") {
        start = { version: answer.version, base_version: answer.version, base_text: entry.body.text, after: "" };
      }
      await forget(entry);
    }
  }

  async function flush({ all = false } = {}) {
    clearTimeout(timer);
    const groups = grouped(await journal.entries());
    for (const group of groups) {
      const last = group.at(-1);
      if (isGoneOnFrom(group, groups)) {
        await forget(last);
        continue;
      }
      if (last.segment === element.dataset.open && !all) continue; // its own page takes care of it
      try {
        await send(group);
        hide(last);
      } catch (error) {
        if (isPassing(error)) {
          if (!stopped) timer = setTimeout(flush, RETRY_MS);
          return;
        }
        if (isThereAlready(error, last)) await forget(last);
        else await show(last, error);
      }
    }
  }

  const keyOf = ({ segment, window }) => `${segment} ${window}`;
  const hide = (entry) => {
    shown.get(keyOf(entry))?.remove();
    shown.delete(keyOf(entry));
    element.hidden = !shown.size;
  };

  async function show(entry, error) {
    const isStill = (await journal.entries()).some((one) => keyOf(one) === keyOf(entry));
    if (stopped || shown.has(keyOf(entry)) || !isStill) return;
    const line = element.querySelector("template").content.cloneNode(true).firstElementChild;
    line.querySelector("[data-text]").textContent = entry.body.text;
    line.querySelector("[data-why]").textContent = error.message;
    const link = line.querySelector("[data-open-segment]");
    link.href = entry.url.replace(/[^/]+\/$/, "");
    link.hidden = error.status === 404;
    line.querySelector("[data-forget]").addEventListener("click", () => forget(entry).then(() => hide(entry)));
    list.append(line);
    shown.set(keyOf(entry), line);
    element.hidden = false;
  }

  /** Whoever logs out leaves nothing behind that the server has. */
  async function onLogout(event) {
    if (!event.target.matches("form[data-logout]") || event.defaultPrevented) return;
    event.preventDefault();
    await Promise.race([flush({ all: true }).catch(() => {}), new Promise((resolve) => { setTimeout(resolve, LOGOUT_MS); })]);
    event.target.submit();
  }
  const onLine = () => flush();

  document.addEventListener("submit", onLogout);
  window.addEventListener("online", onLine);
  flush();
  return () => {
    stopped = true;
    clearTimeout(timer);
    document.removeEventListener("submit", onLogout);
    window.removeEventListener("online", onLine);
  };
}
