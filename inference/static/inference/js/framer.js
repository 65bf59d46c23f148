// An audio context and the node in it that cuts what it hears into frames. Neither waits for ever: a context that a
// phone call holds does not run and does not answer.
const WORKLET = new URL("./worklet.js", import.meta.url);
const FLUSH_MS = 1000;
const RUN_MS = 3000;

let fetched = null; // once, as an address of its own: a pause can end while no server is there

async function fetchWorklet() {
  const answer = await fetch(WORKLET);
  if (!answer.ok) throw new Error(`${answer.status}: ${WORKLET}`);
  return URL.createObjectURL(new Blob([await answer.text()], { type: "text/javascript" }));
}

export async function makeContext(rate) {
  fetched ??= fetchWorklet().catch((error) => { fetched = null; throw error; }); // the next one asks again
  const address = await fetched;
  const context = rate ? new AudioContext({ sampleRate: rate }) : new AudioContext();
  try {
    await context.audioWorklet.addModule(address);
  } catch (error) {
    await context.close();
    throw error;
  }
  return context;
}

const within = (ms, promise) => Promise.race([promise, new Promise((resolve) => { setTimeout(resolve, ms); })]);

/** When it does not begin to run, no frames come: listening.js notices that. */
export const run = (context) => within(RUN_MS, context.resume());

/** `flush()`: what is left of a frame comes, too. */
export function makeFramer(context, onFrame) {
  const framer = new AudioWorkletNode(context, "framer", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
  let flushed = () => {};
  framer.port.onmessage = ({ data }) => (data.flushed ? flushed() : onFrame(data.pcm, data.peak));
  const ask = (resolve) => { flushed = resolve; framer.port.postMessage("flush"); };
  framer.flush = () => within(FLUSH_MS, new Promise(ask));
  return framer;
}
