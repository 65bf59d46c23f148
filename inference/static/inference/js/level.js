// What the loudness of a microphone says: nothing comes, it is faint, it is too loud. Fed once a frame of 100 ms.
const SILENT = 0.001; // -60 dB: below any microphone that is on
const FAINT = 0.015;
const LOUD = 0.985;
const SILENT_FRAMES = 50, FAINT_FRAMES = 150, LOUD_FRAMES = 20, LOUD_AT_LEAST = 3, LOUD_STAYS = 30;

export class Level {
  constructor() {
    this.peaks = [];
    this.loudFor = 0;
  }

  /** -> "", "silent", "faint" or "clipped" */
  heard(peak) {
    this.peaks = [...this.peaks.slice(1 - FAINT_FRAMES), peak];
    const loud = this.peaks.slice(-LOUD_FRAMES).filter((one) => one >= LOUD).length;
    this.loudFor = loud >= LOUD_AT_LEAST ? LOUD_STAYS : Math.max(0, this.loudFor - 1); // long enough to be read
    if (this.loudFor) return "clipped";
    if (this.allBelow(SILENT, SILENT_FRAMES)) return "silent";
    return this.allBelow(FAINT, FAINT_FRAMES) ? "faint" : "";
  }

  allBelow(limit, count) {
    return this.peaks.length >= count && this.peaks.slice(-count).every((one) => one < limit);
  }

  /** 0 to 1 for a meter of 60 dB. */
  static shown(peak) {
    return Math.max(0, 1 + (20 * Math.log10(Math.max(peak, 1e-4))) / 60);
  }
}
