// The live page: one button, one column of text, one honest line. Ties what is heard, sent, shown and put right.
import { mount as mountDesk } from "./desk.js";
import { Dictation } from "./dictation.js";
import { mount as mountEditing } from "./editing.js";
import { mount as mountFollow } from "./follow.js";
import { Listening, reasonOf } from "./listening.js";
import { mount as mountResult } from "./result.js";
import { mount as mountSound } from "./sound.js";
import { StateLine } from "./state.js";
import { marksWanted, mount as mountTakeAway } from "./take_away.js";
import { mount as mountTerms } from "./terms.js";
import { Transcript } from "./transcript.js";

export function mount(root) {
  const find = (name) => root.querySelector(`[data-live="${name}"]`);
  const config = JSON.parse(document.getElementById("live-config").textContent);
  config.person = document.querySelector("[data-person]")?.dataset.person ?? "";
  const { strings: words } = config;
  let mode, dictation, reference;
  const running = () => mode === "recording";
  const [demo, announce] = ["demo", "announce"].map(find);
  const transcript = new Transcript(find("transcript"), words, { curve: config.curve, marks: marksWanted() });
  const follow = mountFollow(find("box"), find("now"));
  const sound = mountSound({ root, strings: words });
  const line = new StateLine(find("state"), words, (text) => { find("spoken").textContent = text; });
  const desk = mountDesk({ root, strings: words, onPress: press, onFinish: stop });
  const terms = mountTerms(find("terms"), {
    address: config.terms, site: config.site, most: config.most_terms, strings: words, textOf: () => transcript.text,
  });
  const takeAway = mountTakeAway({ root, transcript, address: config.session, strings: words });
  const result = mountResult({ root, config, onShown: follow.toEnd });
  const editing = mountEditing({
    root, transcript, address: config.utterance, person: config.person, strings: words, onOpen: follow.hold,
    alternatives: ({ text, word }) => [...new Set([...(word?.alternatives ?? []), ...terms.near(text)])],
  });
  const listening = new Listening({
    sound, running, onFrame, onEnd: stop, onLost: () => running() && stopListening("mic_lost"),
  });

  const show = (next = mode) => {
    mode = root.dataset.mode = next;
    line.show(mode, dictation?.link);
    desk.show(mode);
    if (demo) demo.inert = !["idle", "finished", "failed"].includes(mode);
    if (!running()) sound.quiet();
    takeAway.show();
  };

  function onFrame(pcm, peak) {
    dictation.link.push(pcm);
    if (running()) sound.heard(peak);
    line.show(mode, dictation.link);
    if (running() && dictation.link.backlog.full) stopListening("full");
  }

  const hear = ({ detail: message }) => {
    line.hear(message);
    if (message.type === "failed") { listening.release(); show("failed"); }
    else if (message.type === "stopped") { listening.release(); show("finished"); result.show([...transcript.sessions], reference); }
    else line.show(mode, dictation.link);
  };

  function start(left) {
    dictation = new Dictation({ config, transcript, keywords: terms.chosen(), ...left });
    dictation.addEventListener("message", hear);
    dictation.addEventListener("state", () => line.show(mode, dictation.link));
  }

  async function begin(demoSound, said = "") {
    reference = said;
    const frames = dictation?.replaced() ?? []; // a link that failed may hold sound that nobody has yet
    for (const part of [line, transcript, editing, result]) part.clear();
    terms.load();
    start({ frames });
    dictation.link.connect(); // the frames wait in the page until the socket is there
    await listen(demoSound);
  }

  async function listen(demoSound) {
    const mine = dictation, asking = () => mode === "asking" && dictation === mine;
    line.own = "";
    show("asking");
    try {
      await listening.start(demoSound);
    } catch (error) {
      return asking() && refused(error);
    }
    return asking() && show("recording"); // else it ended meanwhile, and who ended it lets the sound go next
  }

  function refused(error) {
    line.own = reasonOf(error);
    if (transcript.utterances.length) return show("paused");
    dictation.link.close();
    listening.release();
    return show("failed");
  }

  async function stopListening(trouble = "") {
    line.own = trouble;
    show("paused");
    await listening.pause();
    line.show(mode, dictation.link);
  }

  async function stop() {
    const { link } = dictation;
    show("finishing");
    await listening.release();
    link.stop();
    show();
  }

  function press() {
    if (running()) return stopListening();
    return mode === "paused" ? listen() : begin();
  }

  function playDemo() {
    const { value, dataset } = demo.querySelector("select").selectedOptions[0];
    begin(value, dataset.text);
  }

  async function resume() {
    const left = await Dictation.unfinished(config);
    if (!left) return show("idle");
    start(left);
    line.own = "reloaded";
    show("paused");
    terms.load();
    await dictation.recall();
    return dictation.link.connect();
  }

  const leaving = (event) => (running() || (dictation && !dictation.link.backlog.empty)) && event.preventDefault();
  demo?.querySelector("button").addEventListener("click", playDemo);
  window.addEventListener("beforeunload", leaving);
  transcript.addEventListener("grown", () => editing.field.open || follow.grown());
  transcript.addEventListener("final", ({ detail }) => {
    announce.textContent = detail.text; // read out once it is final
    terms.show();
    takeAway.show();
  });
  resume().catch(() => show("idle"));
  return () => {
    window.removeEventListener("beforeunload", leaving);
    listening.release();
    dictation?.leave();
    for (const part of [desk, follow, sound, terms, takeAway, result, editing]) part.unmount();
  };
}
