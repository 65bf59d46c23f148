// The correction page: puts its parts together and names what each key does. No part knows another.
import { mountActiveTime } from "./active_time.js";
import { postJson } from "./api.js";
import { mountAutosave } from "./autosave.js";
import { mountConflict } from "./conflict.js";
import { mountHeartbeat } from "./heartbeat.js";
import { mountHold } from "./hold.js";
import { watchComposition } from "./ime.js";
import { mountKeys } from "./keys.js";
import { createPlayer } from "./player.js";
import { mountStatus } from "./status.js";
import { mountTransport } from "./transport.js";
import { visit } from "./visit.js";
import { mountWords } from "./words.js";

// The browser's own cache keeps what is fetched; who gets the segment is decided by the server, later.
const fetchAhead = (urls) => urls.forEach((url) => fetch(url, { priority: "low" }).catch(() => {}));

const PLAYER_KEYS = new Set(["toggle", "back", "forward", "replay", "next-doubt", "previous-doubt"]);
const LEAD_MS = 400; // what is heard before a word that one jumps to

/** As if it had been typed: Ctrl+Z takes it back, and everything that listens to input hears it. */
function replaceText(field, text) {
  field.focus();
  field.select();
  if (!document.execCommand("insertText", false, text)) {
    field.setRangeText(text, 0, field.value.length, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}

export function mount(bench) {
  const $ = (selector) => bench.querySelector(selector);
  const { segment, urls, strings, ahead } = JSON.parse($("#segment-data").textContent);
  const field = $("#text");
  const status = mountStatus(bench, strings, segment);
  const transport = mountTransport(bench);
  let player = null;
  let busy = false;
  let gone = false;

  const ime = watchComposition(field);
  const hold = mountHold({ field, button: $("[data-action='hold']"), playerOf: () => player });
  const active = mountActiveTime({ startMs: segment.active_edit_ms, isPlaying: () => player?.isPlaying });
  const payload = () => ({ text: field.value, base_version: segment.version, active_edit_ms: active.read() });
  // Another version is saved already: said as soon as it is known, with both texts.
  const refused = (error) => {
    if (["stale_version", "stale_draft"].includes(error.code)) conflict.show(error.body);
    else status.error(error);
  };
  const autosave = mountAutosave({
    field, url: urls.draft, payload, onState: status.saving, onRefused: refused,
  });
  const stopHeartbeat = mountHeartbeat({ url: urls.heartbeat, everyMs: segment.heartbeat_ms, onLost: status.error });
  const words = mountWords({
    field, backdrop: $("[data-backdrop]"), list: $("[data-doubts]"), words: segment.words,
    draftText: segment.draft_text, percent: status.percent,
    onGo(word, { quiet = false } = {}) {
      if (word.start_ms === null) return;
      if (quiet) return player?.seek(word.start_ms);
      status.say(`${word.text}: ${status.percent(word.probability)}`);
      player?.playFrom(word.start_ms - LEAD_MS);
    },
  });

  createPlayer($("[data-waveform]"), {
    audioUrl: urls.audio, peaksUrl: urls.peaks, durationMs: segment.duration_ms,
    onTime(ms) {
      transport.time(ms);
      words.follow(ms);
    },
    onState: transport.state,
    onRefused: transport.refused,
  }).then((made) => {
    if (gone) return made.stop();
    player = made;
    return player.ready.then(() => {
      if (gone) return;
      for (const word of words.located) if (word.doubt) player.mark(word.start_ms, word.end_ms, word.text);
      player.play();
      fetchAhead(ahead);
    });
  });

  /** Sends, then goes where the server points; on a refusal everything stays as it was. */
  async function send(url, body) {
    if (busy) return;
    busy = true;
    bench.setAttribute("aria-busy", "true");
    try {
      const answer = await postJson(url, body);
      autosave.stop();
      hold.forget();
      player?.pause();
      await visit(answer.next ?? urls.queue);
    } catch (error) {
      refused(error);
    } finally {
      busy = false;
      bench.removeAttribute("aria-busy");
    }
  }

  const submit = (version) =>
    send(urls.submit, { text: field.value, version, active_edit_ms: active.read() });

  const conflict = mountConflict($("[data-conflict-panel]"), {
    onMine({ version }) {
      segment.version = version;
      submit(version);
    },
    // Theirs is saved already: our draft goes, and on to the next.
    onTheirs: () => send(urls.discard),
  });

  const actions = {
    toggle: () => player?.toggle(),
    back: () => player?.playFrom(player.timeMs - 1000),
    forward: () => player?.playFrom(player.timeMs + 1000),
    replay: () => player?.playFrom(0),
    slower: () => player?.changeRate(-1),
    faster: () => player?.changeRate(1),
    loop: () => player?.toggleLoop(),
    hold: () => hold.toggle(),
    "next-doubt": () => words.step(1) || status.say(strings.no_doubt),
    "previous-doubt": () => words.step(-1) || status.say(strings.no_doubt),
    confirm: () => submit(segment.version),
    skip: () => send(urls.skip),
    save: () => autosave.save(),
    restore: ({ text }) => replaceText(field, text),
    unusable: ({ reason } = {}) => (reason ? send(urls.unusable, { reason }) : transport.openReasons()),
    help: () => $("dialog").showModal(),
    "plain-enter": () => status.say(strings.enter),
  };
  const stopKeys = mountKeys(bench, {
    field, ime,
    run(action, detail) {
      if (action === "toggle" && transport.closeReasons()) return field.focus();
      if (PLAYER_KEYS.has(action)) hold.forget();
      actions[action]?.(detail);
    },
  });

  field.focus({ preventScroll: true });
  field.setSelectionRange(0, 0);

  return () => {
    gone = true;
    for (const part of [autosave, active, words, conflict, hold, ime, transport]) part.stop();
    stopKeys();
    stopHeartbeat();
    player?.stop();
  };
}
