// Recorded sound that the server has not acknowledged yet. Nothing leaves it but by an acknowledgement.
const BYTES_PER_MS = 32;

export class Backlog {
  constructor() {
    this.frames = []; // { seq, pcm }, oldest first
    this.nextSeq = 0;
  }

  get empty() {
    return this.frames.length === 0;
  }

  get ms() {
    return this.frames.reduce((sum, { pcm }) => sum + pcm.byteLength / BYTES_PER_MS, 0);
  }

  add(pcm) {
    this.frames.push({ seq: this.nextSeq++, pcm });
  }

  from(seq) {
    return this.frames.filter((frame) => frame.seq >= seq);
  }

  forget(before) {
    this.frames = this.from(before);
  }

  // The server has no part of these: they are the first frames of a new session.
  renumber() {
    this.frames.forEach((frame, at) => { frame.seq = at; });
    this.nextSeq = this.frames.length;
  }
}
