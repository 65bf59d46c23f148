// One line that always tells the truth about the sound: how far it is saved, and what is wrong if something is.
const CLEARED_BY = { ack: ["not_saved"], engine_back: ["engine_unavailable"], ready: ["busy"] };
const PASSING = ["not_saved", "engine_unavailable", "busy"]; // troubles that end by themselves

export function clock(ms) {
  const tenths = Math.floor(ms / 100), minutes = Math.floor(tenths / 600);
  const seconds = `${String(Math.floor(tenths / 10) % 60).padStart(2, "0")}.${tenths % 10}`;
  if (minutes < 60) return `${minutes}:${seconds}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${seconds}`;
}

export class StateLine {
  constructor(element, strings) {
    this.element = element;
    this.strings = strings;
    this.clear();
  }

  clear() {
    this.savedMs = 0;
    this.before = 0; // saved in sessions that ended while this page went on
    this.trouble = "";
    this.slow = false;
  }

  hear(message) {
    const { type, code } = message;
    if (type === "ack" || type === "stopped") this.savedMs = message.saved_ms;
    if (CLEARED_BY[type]?.includes(this.trouble)) this.trouble = "";
    if (type === "engine_fallback") this.slow = message.active; // it lost its accelerator, or has it back
    if (type === "error" && PASSING.includes(code)) this.trouble = code;
    if (type === "failed") this.trouble = code;
    if (type === "new_session") {
      this.before += this.savedMs;
      this.savedMs = 0;
    }
  }

  // mode: idle, asking, recording, paused, finishing, finished, failed
  show(mode, link) {
    const parts = this.parts(mode, link).filter(Boolean);
    const text = parts.join(" · ");
    if (this.element.textContent !== text) this.element.textContent = text;
    const wrong = mode === "failed" || Boolean(this.trouble) || link?.state === "waiting";
    if (this.element.dataset.wrong !== String(wrong)) this.element.dataset.wrong = wrong;
  }

  parts(mode, link) {
    const words = this.strings;
    const saved = words.saved.replace("{time}", clock(this.before + this.savedMs));
    const waiting = link?.backlog.ms ?? 0;
    const kept = waiting >= 1000 ? words.kept.replace("{seconds}", (waiting / 1000).toFixed(1)) : "";
    if (mode === "idle") return [words.idle, words[this.trouble]];
    if (mode === "asking") return [words.asking];
    if (mode === "failed") return [words[this.trouble] ?? words.failed, saved, kept];
    const known = mode === "recording" || this.savedMs || this.before;
    const away = mode !== "finished" && link && link.state !== "open" && link.state !== "over";
    return [
      mode === "recording" ? "" : words[mode],
      known ? saved : "",
      away ? words[link.session ? "reconnecting" : "connecting"] : "",
      kept,
      words[this.trouble],
      this.slow ? words.slow : "",
    ];
  }
}
