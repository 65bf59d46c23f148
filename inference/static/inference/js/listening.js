// What the page listens to, and the screen that stays on meanwhile: opened, paused, changed, let go. One of these
// after the other: what is pressed while the microphone still opens waits for it.
import { stayAwake } from "./awake.js";
import { openDemo, openMicrophone } from "./capture.js";

const TICK_MS = 1000;
const DEAF_TICKS = 3; // ticks and not seconds: a laptop that slept wakes with one tick and then its frames
const REFUSED = { NotAllowedError: "no_permission", SecurityError: "no_https" };

/** Why nothing is heard, as the page's words name it. */
export const reasonOf = (error) => REFUSED[error.name] ?? "no_sound";

export class Listening {
  // `running`: does the page record now?
  constructor({ sound, running, onFrame, onEnd, onLost }) {
    Object.assign(this, { sound, running, onEnd, onLost });
    this.turn = Promise.resolve();
    this.ticks = 0; // since the last frame
    this.onFrame = (pcm, peak) => { this.ticks = 0; onFrame(pcm, peak); };
    sound.onChoice((id) => this.change(id));
  }

  /** Raises what the browser says when it gives no microphone, or a demo sound is not there. */
  start(demo) {
    return this.next(() => this.open(demo));
  }

  pause() {
    return this.next(async () => {
      this.rest();
      await this.source?.pause(false);
    });
  }

  release() {
    return this.next(async () => {
      const { source } = this;
      this.source = null;
      this.rest();
      await source?.pause(true);
    });
  }

  change(id) {
    return this.next(() => this.running() && this.use(id));
  }

  // --- inside ---

  next(act) {
    const done = this.turn.then(act);
    this.turn = done.catch(() => {}); // one that failed does not stop the next
    return done;
  }

  async open(demo) {
    const { sound } = this;
    if (this.source) await this.source.resume(sound.chosen());
    else if (demo) this.source = await openDemo(demo, this.onFrame, this.onEnd);
    else this.source = await openMicrophone(this.onFrame, () => this.lost(), sound.chosen());
    await this.settle();
    this.sleep = stayAwake();
    this.ticks = 0;
    this.watch = setInterval(() => this.tick(), TICK_MS);
  }

  // Which microphones there are is told after the permission only: the one that is wanted may be found just now.
  async settle() {
    const { sound, source } = this;
    await sound.refresh();
    if (!source.use) return;
    const wanted = sound.chosen();
    if (wanted && wanted !== source.device) await source.use(wanted).catch(() => {}); // else the open one goes on
    sound.recorded(source.device);
  }

  rest() {
    clearInterval(this.watch);
    this.sleep?.();
    this.sleep = null;
    this.sound.recorded(null);
  }

  // A phone call may stop the sound without a word.
  tick() {
    if (++this.ticks < DEAF_TICKS || !this.running()) return;
    this.ticks = 0;
    this.onLost();
  }

  // Unplugged: the microphone that is left goes on; without one the dictation pauses.
  async lost() {
    if (!this.running()) return;
    await this.sound.refresh();
    await this.change("");
  }

  async use(id) {
    if (!this.source?.use) return;
    try {
      await this.source.use(id);
      this.sound.changed(this.source.device);
    } catch {
      this.onLost(); // not waited for: its pause is the next turn
    }
  }
}
