// One line that always tells the truth about the sound: how far it is saved, and what is wrong if something is.
const CLEARED_BY = { // a partial text, too: the word that the engine is back may have met a cut line
  ack: ["not_saved"], engine_back: ["engine_unavailable"], partial: ["engine_unavailable"], ready: ["busy"],
};
const PASSING = ["not_saved", "engine_unavailable", "busy"]; // troubles that end by themselves

export function clock(ms) {
  const tenths = Math.floor(ms / 100), minutes = Math.floor(tenths / 600);
  const seconds = `${String(Math.floor(tenths / 10) % 60).padStart(2, "0")}.${tenths % 10}`;
  if (minutes < 60) return `${minutes}:${seconds}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${seconds}`;
}

export class StateLine {
  /** `say` gets the line for a screen reader, when more than the clock in it has changed. */
  constructor(element, strings, say = () => {}) {
    Object.assign(this, { element, strings, say });
    this.clear();
  }

  clear() {
    this.savedMs = 0;
    this.before = 0; // saved in sessions that ended while this page went on
    this.trouble = ""; // what the server or the way there has; it ends with a message
    this.own = ""; // what the microphone or this page has; it ends when somebody presses the button
    this.slow = false;
  }

  hear(message) {
    const { type, code } = message;
    if (type === "ack" || type === "stopped") this.savedMs = message.saved_ms;
    if (CLEARED_BY[type]?.includes(this.trouble)) this.trouble = "";
    if (type === "engine_fallback") this.slow = message.active; // it lost its accelerator, or has it back
    if (type === "error" && PASSING.includes(code)) this.trouble = code;
    if (type === "failed") [this.trouble, this.own] = [code, ""];
    if (type === "new_session") {
      this.before += this.savedMs;
      this.savedMs = 0;
    }
  }

  // mode: idle, asking, recording, paused, finishing, finished, failed
  show(mode, link) {
    const text = this.parts(mode, link, ...this.clocks(link));
    if (this.element.textContent !== text) this.element.textContent = text;
    const wrong = mode === "failed" || Boolean(this.own || this.trouble) || link?.state === "waiting";
    if (this.element.dataset.wrong !== String(wrong)) this.element.dataset.wrong = wrong;
    const said = this.parts(mode, link);
    if (said !== this.said) this.say(text);
    this.said = said;
  }

  clocks(link) {
    const saved = this.strings.saved.replace("{time}", clock(this.before + this.savedMs));
    const waiting = link?.backlog.ms ?? 0;
    return [saved, waiting >= 1000 ? this.strings.kept.replace("{seconds}", (waiting / 1000).toFixed(1)) : ""];
  }

  parts(mode, link, saved = "", kept = "") {
    const words = this.strings;
    const known = mode === "recording" || this.savedMs || this.before;
    const away = mode !== "finished" && link && link.state !== "open" && link.state !== "over";
    const about = {
      idle: [words.idle, words[this.own]],
      asking: [words.asking],
      failed: [words[this.own] ?? words[this.trouble] ?? words.failed, saved, kept],
    }[mode] ?? [
      mode === "recording" ? "" : words[mode],
      known ? saved : "",
      away ? words[link.session ? "reconnecting" : "connecting"] : "",
      kept,
      words[this.own],
      words[this.trouble],
      this.slow ? words.slow : "",
    ];
    return about.filter(Boolean).join(" · ");
  }
}
