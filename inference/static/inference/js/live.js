// The live page: one button, one column of text, one honest line. Ties capture, link, transcript and state line.
import { openDemo, openMicrophone } from "./capture.js";
import { Link } from "./link.js";
import { StateLine } from "./state.js";
import { Transcript } from "./transcript.js";

const PASSING = ["not_saved", "engine_unavailable"]; // troubles that end by themselves

export function mount(root) {
  const find = (name) => root.querySelector(`[data-live="${name}"]`);
  const config = JSON.parse(document.getElementById("live-config").textContent);
  const words = config.strings;
  const address = new URL(config.socket, location.href.replace(/^http/, "ws"));
  const [button, finish, meter, demo, result] = ["button", "finish", "meter", "demo", "result"].map(find);
  const transcript = new Transcript(find("transcript"), words);
  let line, link, source, mode, reference, lock;

  const show = (next = mode) => {
    mode = next;
    line.show(mode, link);
    root.dataset.mode = mode;
    button.textContent = words[{ recording: "button_pause", paused: "button_resume", finished: "button_again", failed: "button_again" }[mode] ?? "button_start"];
    button.disabled = mode === "asking" || mode === "finishing";
    finish.disabled = mode !== "recording" && mode !== "paused";
    if (demo) demo.inert = !["idle", "finished", "failed"].includes(mode);
    if (mode !== "recording") meter.style.setProperty("--level", 0);
  };

  const onFrame = (pcm, peak) => {
    link.push(pcm);
    const decibels = 20 * Math.log10(Math.max(peak, 1e-4));
    meter.style.setProperty("--level", mode === "recording" ? Math.max(0, 1 + decibels / 60).toFixed(3) : 0);
    line.show(mode, link);
  };

  const hear = ({ detail: message }) => {
    const { type } = message;
    if (type === "ack") line.savedMs = message.saved_ms;
    if (type === "ack" && line.trouble === "not_saved") line.trouble = "";
    if (type === "engine_back") line.trouble = "";
    if (type === "error" && PASSING.includes(message.code)) line.trouble = message.code;
    if (type === "partial") transcript.partial(message);
    if (type === "final") transcript.final(message);
    if (type === "untranscribed") transcript.later(message);
    if (type === "new_session") { transcript.newSession(); line.newSession(); }
    if (type === "failed") { line.trouble = message.code; release(true); show("failed"); }
    if (type === "stopped") ended(message);
    link.haveUtterances = transcript.next;
    line.show(mode, link);
  };

  const release = async (forGood) => {
    const used = source;
    source = null;
    lock?.release().catch(() => {});
    lock = null;
    await used?.pause(forGood);
  };

  async function begin(open) {
    const left = link?.backlog.frames ?? []; // a link that failed may hold sound that nobody has yet
    link?.close();
    line = new StateLine(find("state"), words);
    transcript.clear();
    result.replaceChildren();
    link = new Link(address);
    left.forEach(({ pcm }) => link.push(pcm));
    link.addEventListener("message", hear);
    link.addEventListener("state", () => line.show(mode, link));
    show("asking");
    link.connect(); // the frames wait in the page until the socket is there
    try {
      source = await open();
    } catch (error) {
      line.trouble = { NotAllowedError: "no_permission", NotFoundError: "no_sound", SecurityError: "no_https" }[error.name] ?? "no_sound";
      link.close();
      return show("failed");
    }
    lock = await navigator.wakeLock?.request("screen").catch(() => null);
    return show("recording");
  }

  async function stop() {
    show("finishing");
    await release(true);
    link.stop();
    show();
  }

  function ended({ saved_ms, session }) {
    line.savedMs = saved_ms;
    transcript.end();
    show("finished");
    result.replaceChildren(...(reference ? [said(reference)] : []));
    transcript.toEnd();
    awaitRecording(config.session.replace("SESSION", session));
  }

  function said(text) {
    const template = find("reference").content.cloneNode(true);
    template.querySelector("[data-text]").textContent = text;
    return template;
  }

  async function awaitRecording(address, tries = 60) {
    const at = link;
    const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
    const state = answer?.ok ? await answer.json() : {};
    if (at !== link) return;
    if (state.recording) {
      const open = find("recording").content.cloneNode(true);
      open.querySelector("a").href = state.recording;
      result.prepend(open);
      transcript.toEnd();
    } else if (state.status !== "empty" && tries > 0) setTimeout(() => awaitRecording(address, tries - 1), 1000);
  }

  async function press() {
    if (mode === "recording") { await source.pause(false); show("paused"); }
    else if (mode === "paused") { await source.resume(); line.trouble = ""; show("recording"); }
    else { reference = ""; await begin(() => openMicrophone(onFrame, lost)); }
  }

  async function lost() {
    if (mode !== "recording") return;
    await press();
    line.trouble = "mic_lost";
    line.show(mode, link);
  }

  function playDemo() {
    const choice = demo.querySelector("select").selectedOptions[0];
    reference = choice.dataset.text;
    begin(() => openDemo(choice.value, onFrame, stop));
  }

  const leaving = (event) => (mode === "recording" || mode === "paused" || (link && !link.backlog.empty)) && event.preventDefault();
  button.addEventListener("click", press);
  finish.addEventListener("click", stop);
  demo?.querySelector("button").addEventListener("click", playDemo);
  window.addEventListener("beforeunload", leaving);
  line = new StateLine(find("state"), words);
  show("idle");
  button.disabled = false;
  return () => {
    window.removeEventListener("beforeunload", leaving);
    release(true);
    link?.close();
  };
}
