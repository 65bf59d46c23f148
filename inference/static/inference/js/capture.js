// Where sound comes from: the microphone, or a demo dictation that takes its place on the very same path.
import { makeContext, makeFramer, run } from "./framer.js";

const SILENCE_FRAMES = 6; // what a pause leaves in the sound, so that the last words are taken as final
const PLAIN = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };

function addSilence(onFrame) {
  for (let i = 0; i < SILENCE_FRAMES; i++) onFrame(new ArrayBuffer(3200), 0);
}

/** `device`: an id, "" for the system's own choice. One that is not there any more gives way to that. */
export async function openMicrophone(onFrame, onLost, device = "") {
  if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("", "SecurityError");
  let context, framer, stream, node;
  const letGo = () => stream?.getTracks().forEach((track) => track.stop());

  async function hear() {
    const ask = (audio) => navigator.mediaDevices.getUserMedia({ audio });
    const chosen = device ? ask({ ...PLAIN, deviceId: { exact: device } }) : ask(PLAIN);
    const next = await chosen.catch((error) => {
      if (error.name !== "OverconstrainedError") throw error;
      return ask(PLAIN);
    });
    letGo(); // the old one until the new one is there
    stream = next;
    stream.getAudioTracks()[0].onended = onLost; // unplugged, or taken away by the system
  }

  async function connect(rate) {
    context ??= await makeContext(rate);
    framer ??= makeFramer(context, onFrame);
    node?.disconnect();
    node = context.createMediaStreamSource(stream);
    node.connect(framer);
    await run(context);
  }

  async function connectAnew(rate) {
    await context?.close();
    context = framer = node = null;
    await connect(rate);
  }

  /** `next`: the device that is wanted by now. */
  async function resume(next = device) {
    device = next;
    await hear();
    context = null; // closed by the pause
    try {
      await connectAnew(16000).catch(() => connectAnew()); // Firefox: it must have the microphone's own rate
    } catch (error) {
      letGo();
      await context?.close();
      context = null;
      throw error;
    }
  }

  /** Another device while it runs: the sound goes on in the same row of frames. */
  async function use(next) {
    device = next;
    await hear();
    await connect().catch(async () => {
      await framer.flush();
      await context.close();
      await resume();
    });
  }

  // Pausing lets the microphone go: the browser's own sign goes out too.
  async function pause() {
    if (!context || context.state === "closed") return; // paused already, or never there
    letGo();
    await framer.flush();
    addSilence(onFrame);
    await context.close();
  }

  await resume();
  return { pause, resume, use, get device() { return stream.getAudioTracks()[0].getSettings().deviceId ?? ""; } };
}

export async function openDemo(url, onFrame, onEnded) {
  const answer = await fetch(url);
  if (!answer.ok) throw new DOMException("", "NotFoundError");
  const context = await makeContext(16000);
  const framer = makeFramer(context, onFrame);
  const player = context.createBufferSource();
  player.buffer = await context.decodeAudioData(await answer.arrayBuffer());
  player.connect(framer);
  player.connect(context.destination);
  let running = true;
  player.onended = () => running && onEnded();
  player.start();
  await run(context);
  return {
    resume: () => run(context),
    async pause(forGood) {
      if (!forGood) return context.suspend();
      running = false;
      player.stop();
      await framer.flush();
      addSilence(onFrame);
      return context.close();
    },
  };
}
