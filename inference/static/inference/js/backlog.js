// Recorded sound that the server has not acknowledged yet. Nothing leaves it but by an acknowledgement.
const BYTES_PER_MS = 32;
const MOST_MS = 30 * 60 * 1000; // 58 MB: then the page stops recording rather than lose what it has

export class Backlog {
  constructor(mostMs = MOST_MS) {
    this.frames = []; // { seq, pcm }, oldest first
    this.nextSeq = 0;
    this.bytes = 0;
    this.mostMs = mostMs;
  }

  get empty() {
    return this.frames.length === 0;
  }

  get ms() {
    return this.bytes / BYTES_PER_MS;
  }

  get full() {
    return this.ms >= this.mostMs;
  }

  add(pcm) {
    this.frames.push({ seq: this.nextSeq++, pcm });
    this.bytes += pcm.byteLength;
  }

  from(seq) {
    return this.frames.filter((frame) => frame.seq >= seq);
  }

  forget(before) {
    this.frames = this.from(before);
    this.bytes = this.frames.reduce((sum, { pcm }) => sum + pcm.byteLength, 0);
  }

  // The server goes on at `first`. What it has is forgotten; what is left follows on it without a hole: 0 in a
  // new session, and where a reload lost a number, the number is lost and not what comes after it.
  startAt(first) {
    this.forget(first);
    this.renumber(first);
  }

  renumber(first = 0) {
    this.frames.forEach((frame, at) => { frame.seq = first + at; });
    this.nextSeq = first + this.frames.length;
  }
}
