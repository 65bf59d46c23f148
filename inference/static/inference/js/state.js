// One line that always tells the truth about the sound: how far it is saved, and what is wrong if something is.
export function clock(ms) {
  const tenths = Math.floor(ms / 100);
  return `${Math.floor(tenths / 600)}:${String(Math.floor(tenths / 10) % 60).padStart(2, "0")}.${tenths % 10}`;
}

export class StateLine {
  constructor(element, strings) {
    this.element = element;
    this.strings = strings;
    this.savedMs = 0;
    this.before = 0; // saved in sessions that ended while this page went on
    this.trouble = "";
  }

  newSession() {
    this.before += this.savedMs;
    this.savedMs = 0;
  }

  // mode: idle, asking, recording, paused, finishing, finished, failed
  show(mode, link) {
    const words = this.strings;
    const saved = words.saved.replace("{time}", clock(this.before + this.savedMs));
    const waiting = link?.backlog.ms ?? 0;
    const kept = waiting >= 1000 ? words.kept.replace("{seconds}", (waiting / 1000).toFixed(1)) : "";
    const parts = [];
    if (mode === "idle") parts.push(words.idle);
    else if (mode === "asking") parts.push(words.asking);
    else if (mode === "failed") parts.push(words[this.trouble] ?? words.failed, saved, kept);
    else {
      if (mode !== "recording") parts.push(words[mode]);
      if (mode === "recording" || this.savedMs || this.before) parts.push(saved);
      if (mode !== "finished" && link && link.state !== "open") {
        parts.push(link.session ? words.reconnecting : words.connecting);
      }
      parts.push(kept, words[this.trouble] ?? "");
    }
    const text = parts.filter(Boolean).join(" · ");
    if (this.element.textContent !== text) this.element.textContent = text;
    this.element.dataset.wrong = mode === "failed" || Boolean(this.trouble) || link?.state === "waiting";
  }
}
