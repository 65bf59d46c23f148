// One dictation on the wire. Keeps every frame until the server has it on its disk; docs/api.md has the protocol.
import { Backlog } from "./backlog.js";
import { Line } from "./line.js";

const MAX_BUFFERED = 256 * 1024;
const BUSY_S = 3;
const FATAL_CODES = { 4401: "logged_out", 4403: "not_allowed", 4409: "taken_over", 4410: "other_person" };
const FATAL_ERRORS = ["no_live_model", "role_missing", "taken_over"];
const ENDED = ["session_over", "session_full"];

export class Link extends Line {
  constructor(address, { session = null, frames = [], keywords = [] } = {}) {
    super(address);
    this.session = session;
    this.resumed = Boolean(session); // from before a reload, and not answered for yet
    this.keywords = keywords;
    this.backlog = new Backlog();
    this.backlog.frames = frames;
    this.backlog.startAt(frames[0]?.seq ?? 0);
    this.cursor = 0; // the next sequence number to send
    this.savedMs = 0;
    this.haveUtterances = 0;
  }

  push(pcm) {
    this.backlog.add(pcm);
    this.idle();
  }

  stop() {
    this.stopping = true;
    this.idle();
  }

  opened() {
    const known = this.session ? { session: this.session } : this.keywords.length ? { keywords: this.keywords } : {};
    this.say({ type: "start", have_utterances: this.haveUtterances, ...known });
  }

  heard(message) {
    // A session that ended without us is no trouble when it has all that was said.
    const all = message.code === "session_over" && this.backlog.empty && (this.stopping || this.resumed);
    if (all) message = { type: "stopped", session: this.session, saved_ms: this.savedMs };
    if (message.type === "ready") this.start(message);
    else if (message.type === "ack") this.saved(message);
    else if (message.type === "stopped") this.close();
    else if (message.type === "error") this.trouble(message);
    this.tell(message);
  }

  start({ session, next_seq }) {
    this.session = session;
    this.backlog.startAt(next_seq);
    this.cursor = next_seq;
    this.patient = this.stopSent = this.resumed = false;
    this.agreed();
    this.idle();
  }

  // Sends what there is to send and what the connection takes; beat() goes on with the rest.
  idle() {
    if (!this.ready) return;
    for (const { seq, pcm } of this.backlog.from(this.cursor)) {
      if (this.socket.bufferedAmount > MAX_BUFFERED) return;
      const frame = new Uint8Array(4 + pcm.byteLength);
      new DataView(frame.buffer).setUint32(0, seq, true);
      frame.set(new Uint8Array(pcm), 4);
      this.send(frame);
      this.cursor = seq + 1;
    }
    if (this.stopping && !this.stopSent && this.backlog.empty) { // what is not saved would come too late
      this.patient = this.stopSent = true; // the last words may take longer than a dead line
      this.say({ type: "stop" });
    }
  }

  trouble({ code, next_seq, retry_after_s }) {
    if (code === "gap") this.goOnFrom(next_seq);
    if (code === "not_saved") setTimeout(() => this.goOnFrom(next_seq), 2000);
    if (ENDED.includes(code)) this.startOver();
    else if (FATAL_ERRORS.includes(code)) this.fail(code);
    else if (this.state === "connecting") this.again(1000 * (retry_after_s ?? BUSY_S)); // busy, held elsewhere, no database: it passes
  }

  goOnFrom(seq) {
    this.cursor = seq;
    this.idle();
  }

  // The old session is closed and kept; what it did not take opens a new one.
  startOver() {
    this.session = null;
    this.haveUtterances = 0;
    this.backlog.renumber();
    this.tell({ type: "new_session" });
    this.hangUp();
    this.connect();
  }

  refused(code) {
    if (FATAL_CODES[code]) this.fail(FATAL_CODES[code]);
    return code in FATAL_CODES;
  }

  fail(code) {
    this.close();
    this.tell({ type: "failed", code });
  }

  saved({ seq, saved_ms }) {
    this.savedMs = saved_ms;
    this.backlog.forget(seq + 1);
    if (this.stopping) this.idle();
  }

  tell(message) {
    this.dispatchEvent(new CustomEvent("message", { detail: message }));
  }
}
