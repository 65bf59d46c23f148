// Runs in the audio thread: microphone or demo sound in, 100 ms frames of PCM16 at 16 kHz out.
const RATE = 16000;
const FRAME = 1600;

// Band-limited resampling (windowed sinc) for browsers that refuse a context of 16 kHz.
class Resampler {
  constructor(from) {
    this.step = from / RATE;
    this.half = Math.ceil(8 * this.step);
    this.history = new Float32Array(2 * this.half);
    this.at = this.half;
  }

  push(input) {
    const sound = new Float32Array(this.history.length + input.length);
    sound.set(this.history);
    sound.set(input, this.history.length);
    const out = [];
    for (; this.at + this.half < sound.length; this.at += this.step) out.push(this.sample(sound));
    this.history = sound.slice(-2 * this.half);
    this.at -= sound.length - this.history.length;
    return out;
  }

  sample(sound) {
    const cutoff = 0.9 / this.step;
    let sum = 0;
    for (let i = Math.ceil(this.at - this.half); i < this.at + this.half; i++) {
      const x = i - this.at;
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * cutoff * x) / (Math.PI * cutoff * x);
      sum += (sound[i] ?? 0) * sinc * cutoff * (0.5 + 0.5 * Math.cos((Math.PI * x) / this.half));
    }
    return sum;
  }
}

class Framer extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = sampleRate === RATE ? null : new Resampler(sampleRate);
    this.frame = new Int16Array(FRAME);
    this.filled = 0;
    this.port.onmessage = () => { // flush: what is left, then the word that it is all
      if (this.filled) this.deliver(this.frame.slice(0, this.filled));
      this.port.postMessage({ flushed: true });
    };
  }

  process([input]) {
    const sound = input[0];
    if (!sound) return true;
    for (const value of this.resampler ? this.resampler.push(sound) : sound) {
      this.frame[this.filled++] = Math.max(-32768, Math.min(32767, Math.round(value * 32767)));
      if (this.filled === FRAME) this.deliver(this.frame);
    }
    return true;
  }

  deliver(frame) {
    let peak = 0;
    for (const value of frame) peak = Math.max(peak, Math.abs(value));
    const pcm = frame.slice().buffer;
    this.filled = 0;
    this.port.postMessage({ pcm, peak: peak / 32768 }, [pcm]);
  }
}

registerProcessor("framer", Framer);
