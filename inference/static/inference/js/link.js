// The WebSocket to the server. Keeps every frame until the server has it on its disk; comes back by itself.
import { Backlog } from "./backlog.js";

const PING_MS = 15000;
const SILENT_MS = 10000; // no answer for so long while one is due: the connection is dead
const MAX_BUFFERED = 256 * 1024;
const BACKOFF_MS = [200, 500, 1000, 2000, 4000];
const FATAL_CODES = { 4401: "logged_out", 4403: "not_allowed", 4409: "taken_over" };
const FATAL_ERRORS = ["no_live_model", "role_missing", "taken_over"];

export class Link extends EventTarget {
  constructor(address) {
    super();
    this.address = address;
    this.session = null;
    this.backlog = new Backlog();
    this.cursor = 0; // the next sequence number to send
    this.savedMs = 0;
    this.haveUtterances = 0;
    this.failures = 0;
    this.state = "idle"; // connecting, open, waiting, over
    this.online = () => this.state === "waiting" && this.connect();
    window.addEventListener("online", this.online);
    this.heart = setInterval(() => this.beat(), 1000);
  }

  connect() {
    clearTimeout(this.retry);
    this.set("connecting");
    this.ready = false;
    const socket = new WebSocket(this.address);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      const start = { type: "start", have_utterances: this.haveUtterances };
      this.say(this.session ? { ...start, session: this.session } : start);
    };
    socket.onmessage = ({ data }) => socket === this.socket && this.hear(JSON.parse(data));
    socket.onclose = ({ code }) => socket === this.socket && this.closed(code);
    this.pingedAt = this.dueSince = performance.now();
  }

  push(pcm) {
    this.backlog.add(pcm);
    this.flush();
  }

  stop() {
    this.stopping = true;
    this.flush();
  }

  close() {
    this.set("over");
    clearTimeout(this.retry);
    clearInterval(this.heart);
    window.removeEventListener("online", this.online);
    this.socket?.close();
  }

  flush() {
    if (!this.ready) return;
    for (const { seq, pcm } of this.backlog.from(this.cursor)) {
      if (this.socket.bufferedAmount > MAX_BUFFERED) return; // beat() goes on
      const frame = new Uint8Array(4 + pcm.byteLength);
      new DataView(frame.buffer).setUint32(0, seq, true);
      frame.set(new Uint8Array(pcm), 4);
      this.send(frame);
      this.cursor = seq + 1;
    }
    if (this.stopping && !this.stopSent) {
      this.stopSent = true;
      this.say({ type: "stop" });
    }
  }

  hear(message) {
    this.dueSince = null;
    const all = message.code === "session_over" && this.stopping && this.backlog.empty;
    if (all) message = { type: "stopped", session: this.session, saved_ms: this.savedMs };
    if (message.type === "ready") this.start(message);
    else if (message.type === "ack") this.saved(message);
    else if (message.type === "stopped") this.close();
    else if (message.type === "error") this.trouble(message);
    this.dispatchEvent(new CustomEvent("message", { detail: message }));
  }

  start({ session, next_seq }) {
    this.session = session;
    this.failures = 0;
    this.backlog.forget(next_seq);
    this.cursor = next_seq;
    this.stopSent = false;
    this.ready = true;
    this.set("open");
    this.flush();
  }

  trouble({ code, next_seq }) {
    if (code === "gap") this.goOnFrom(next_seq);
    if (code === "not_saved") setTimeout(() => this.goOnFrom(next_seq), 2000);
    if (code === "session_over" || code === "session_full") this.startOver();
    if (FATAL_ERRORS.includes(code)) this.fail(code);
  }

  goOnFrom(seq) {
    this.cursor = seq;
    this.flush();
  }

  // The old session is closed and kept; what it did not take opens a new one.
  startOver() {
    this.session = null;
    this.haveUtterances = 0;
    this.backlog.renumber();
    this.dispatchEvent(new CustomEvent("message", { detail: { type: "new_session" } }));
    this.hangUp();
    this.connect();
  }

  closed(code) {
    this.ready = false;
    if (this.state === "over") return;
    if (FATAL_CODES[code]) return this.fail(FATAL_CODES[code]);
    this.set("waiting");
    const pause = BACKOFF_MS[Math.min(this.failures++, BACKOFF_MS.length - 1)];
    this.retry = setTimeout(() => this.connect(), pause * (0.8 + 0.4 * Math.random()));
  }

  fail(code) {
    this.close();
    this.dispatchEvent(new CustomEvent("message", { detail: { type: "failed", code } }));
  }

  beat() {
    if (this.state !== "open" && this.state !== "connecting") return;
    const now = performance.now();
    if (this.dueSince !== null && now - this.dueSince > SILENT_MS && !this.stopSent) {
      this.hangUp();
      return this.closed(0);
    }
    if (this.ready && now - this.pingedAt > PING_MS) {
      this.pingedAt = now;
      this.say({ type: "ping" });
    }
    this.flush();
  }

  hangUp() {
    this.socket.onclose = null;
    this.socket.close();
  }

  saved({ seq, saved_ms }) {
    this.savedMs = saved_ms;
    this.backlog.forget(seq + 1);
  }

  say(message) {
    this.send(JSON.stringify(message));
  }

  send(data) {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.dueSince ??= performance.now();
    this.socket.send(data);
  }

  set(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
