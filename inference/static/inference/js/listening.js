// What the page listens to, and the screen that stays on meanwhile: opened, paused, changed, let go.
import { stayAwake } from "./awake.js";
import { openDemo, openMicrophone } from "./capture.js";

export class Listening {
  // `running`: does the page record now?
  constructor({ sound, running, onFrame, onEnd, onLost }) {
    Object.assign(this, { sound, running, onFrame, onEnd, onLost });
    sound.onChoice((id) => running() && this.change(id));
  }

  /** Raises what the browser says when it gives no microphone, or a demo sound is not there. */
  async start(demo) {
    if (this.source) await this.source.resume();
    else if (demo) this.source = await openDemo(demo, this.onFrame, this.onEnd);
    else this.source = await openMicrophone(this.onFrame, () => this.lost(), this.sound.chosen());
    this.sound.refresh();
    this.sleep = stayAwake();
  }

  async pause() {
    this.sleep?.();
    await this.source.pause(false);
  }

  async release() {
    const { source, sleep } = this;
    this.source = this.sleep = null;
    sleep?.();
    await source?.pause(true);
  }

  // Unplugged: the microphone that is left goes on; without one the dictation pauses.
  async lost() {
    if (!this.running()) return;
    await this.sound.refresh();
    await this.change("");
  }

  async change(id) {
    if (!this.source?.use) return;
    try {
      await this.source.use(id);
      this.sound.changed(this.source.device);
    } catch {
      this.onLost();
    }
  }
}
