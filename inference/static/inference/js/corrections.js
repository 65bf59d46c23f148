// Corrections on their way to the server: kept in this browser until it has answered, over a lost connection, a
// reload or a crash. The newest text of an utterance is the one that counts.
import { isPassing, postJson } from "../../annotation/js/api.js";

const PREFIX = "auscult-live-corrections";
const AGAIN_MS = 2000;
const NOT_WRITTEN = ["utterance_unknown", "utterance_unheard"]; // the server is just writing it down
const NOT_YET = 15; // so often is asked again

export class Corrections extends EventTarget {
  constructor(address, person) {
    super();
    this.address = address; // with SESSION and 0
    this.key = `${PREFIX} ${person}`;
    this.tries = 0;
    this.online = () => this.send();
    window.addEventListener("online", this.online);
    this.send();
  }

  get waiting() {
    try { return JSON.parse(localStorage.getItem(this.key)) ?? {}; } catch { return this.memory ?? {}; }
  }

  write(change) {
    const all = this.waiting;
    change(all);
    this.memory = all;
    try { localStorage.setItem(this.key, JSON.stringify(all)); } catch { /* switched off: this page remembers */ }
    this.dispatchEvent(new Event("change"));
  }

  textOf(session, index) {
    return this.waiting[`${session}/${index}`];
  }

  keep(session, index, text) {
    this.write((all) => { all[`${session}/${index}`] = text; });
    this.send();
  }

  async send() {
    clearTimeout(this.timer);
    const [next] = Object.entries(this.waiting);
    if (!next || this.sending) return;
    const [name, text] = next;
    const [session, index] = name.split("/");
    this.sending = true;
    try {
      const address = this.address.replace("SESSION", session).replace("/0/", `/${index}/`);
      await postJson(address, { text });
      this.answered(name, text);
    } catch (error) {
      this.refused(name, text, error);
    }
    this.sending = false;
    if (this.timer === null) this.send();
  }

  answered(name, text) {
    this.tries = 0;
    this.timer = null;
    this.write((all) => { if (all[name] === text) delete all[name]; });
  }

  refused(name, text, error) {
    const early = NOT_WRITTEN.includes(error.code) && this.tries++ < NOT_YET;
    if (early || isPassing(error)) {
      this.timer = setTimeout(() => this.send(), AGAIN_MS);
      return;
    }
    this.answered(name, text);
    const [session, index] = name.split("/");
    this.dispatchEvent(new CustomEvent("refused", { detail: { session, index: Number(index), message: error.message } }));
  }

  unmount() {
    clearTimeout(this.timer);
    this.sending = true;
    window.removeEventListener("online", this.online);
  }
}
