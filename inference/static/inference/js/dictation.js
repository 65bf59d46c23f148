// One dictation from the press of the button to its end: the link, what is kept of it in the browser, and where its
// messages go. A dictation that a reload cut short begins with what was left of it.
import { drop, keep, left } from "./keep.js";
import { Link } from "./link.js";

const newTake = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;

export class Dictation extends EventTarget {
  constructor({ config, transcript, keywords = [], take = newTake(), session = null, frames = [] }) {
    super();
    Object.assign(this, { config, transcript, take });
    const address = new URL(config.socket, location.href.replace(/^http/, "ws"));
    this.link = new Link(address, { session, frames, keywords });
    this.link.addEventListener("message", ({ detail }) => this.hear(detail));
    this.link.addEventListener("state", () => this.dispatchEvent(new Event("state")));
    this.letGo = keep(this.link, take, config.person, config.site);
    try { sessionStorage.setItem(keyOf(config), take); } catch { /* a reload then begins anew */ }
  }

  /** What a reload, a crash or a closed window left here; null when there is nothing. */
  static async unfinished(config) {
    const own = sessionStorage.getItem(keyOf(config));
    return left(config.person, config.site, own).catch(() => null);
  }

  /** The text so far, from the server; without it the socket brings the finals again. */
  async recall() {
    const { session } = this.link;
    if (!session) return;
    this.transcript.goOnIn(session);
    const answer = await fetch(this.config.session.replace("SESSION", session), { headers: { Accept: "application/json" } }).catch(() => null);
    const { utterances = [] } = answer?.ok ? await answer.json() : {};
    utterances.forEach((one) => this.transcript.final(one));
    this.link.haveUtterances = this.transcript.next;
  }

  hear(message) {
    const { transcript, link } = this;
    const { type } = message;
    if (type === "ready") transcript.goOnIn(message.session);
    if (type === "partial") transcript.partial(message);
    if (type === "speech_ended") transcript.ended(message);
    if (type === "final") transcript.final(message);
    if (type === "untranscribed") transcript.later(message);
    if (type === "stopped") {
      transcript.end();
      this.forget();
    }
    if (link.session && link.session === transcript.sessions.at(-1)) link.haveUtterances = transcript.next;
    this.dispatchEvent(new CustomEvent("message", { detail: message }));
  }

  forget() {
    this.letGo(true);
    sessionStorage.removeItem(keyOf(this.config));
  }

  /** Not finished: another begins in its place, with the sound that nobody has yet. */
  replaced() {
    this.link.close();
    this.letGo(false);
    drop(this.take);
    return this.link.backlog.frames;
  }

  leave() {
    this.link.close();
    this.letGo(false);
  }
}

const keyOf = ({ person, site }) => `auscult-live ${person} ${site}`;
