// The correction page: puts its parts together and names what each key does. No part knows another.
import { mountActiveTime } from "./active_time.js";
import { fetchAhead } from "./ahead.js";
import { postJson } from "./api.js";
import { mountAutosave } from "./autosave.js";
import { mountConflict } from "./conflict.js";
import { FEATURES } from "./features.js";
import { mountHeartbeat } from "./heartbeat.js";
import { mountHold } from "./hold.js";
import { watchComposition } from "./ime.js";
import { openJournal } from "./journal.js";
import { mountKeys } from "./keys.js";
import { createPlayer } from "./player.js";
import { saysTheSame } from "./sameness.js";
import { mountStatus } from "./status.js";
import { replaceRange } from "./text_field.js";
import { mountTransport } from "./transport.js";
import { visit } from "./visit.js";
import { mountWords } from "./words.js";

const PLAYER_KEYS = new Set(["toggle", "back", "forward", "replay", "slow", "next-doubt", "previous-doubt"]);
const AROUND_MS = 1000; // what is heard before and after a word that one jumps to

export function mount(bench) {
  const $ = (selector) => bench.querySelector(selector);
  const { segment, urls, strings, ...more } = JSON.parse($("#segment-data").textContent);
  const field = $("#text");
  const replaceText = (text) => replaceRange(field, 0, field.value.length, text);
  const status = mountStatus(bench, strings, segment);
  const transport = mountTransport(bench);
  let player = null;
  let busy = false;
  let gone = false;
  let features = [];
  const ofFeatures = (name, ...values) => features.map((feature) => feature[name]?.(...values));

  const ime = watchComposition(field);
  const hold = mountHold({ field, button: $("[data-action='hold']"), playerOf: () => player });
  const active = mountActiveTime({ startMs: segment.active_edit_ms, isPlaying: () => player?.isPlaying });
  const written = () => Object.assign(
    { text: field.value, active_edit_ms: active.read() }, ...ofFeatures("payload"),
  );
  // Another text is saved already: shown to whoever waits for an answer, only offered to whoever types.
  const refused = (error) => {
    if (!["stale_version", "stale_draft"].includes(error.code)) status.error(error);
    else if (busy) conflict.show(error.body);
    else conflict.offer(error.body);
  };
  const autosave = mountAutosave({
    field, segment, urls, payload: written, journal: openJournal(bench.closest("[data-person]").dataset.person),
    onState: status.saving, onRefused: refused, onSent: sent,
    restore(text, marks) {
      if (field.value !== text) replaceText(text);
      if (marks) ofFeatures("restore", marks);
      status.say(strings.restored);
    },
  });
  const stopHeartbeat = mountHeartbeat({
    url: urls.heartbeat, leaveUrl: urls.leave, everyMs: segment.heartbeat_ms,
    lease: bench.dataset.lease ?? segment.lease, onLost: status.error,
  });
  const words = mountWords({
    field, backdrop: $("[data-backdrop]"), list: $("[data-doubts]"), words: segment.words,
    draftText: segment.draft_text, percent: status.percent,
    onGo(word, { quiet = false } = {}) {
      if (word.start_ms === null) return;
      if (quiet) return player?.seek(word.start_ms);
      status.say(`${word.text}: ${status.percent(word.probability)}`);
      player?.playSpan(word.start_ms - AROUND_MS, word.end_ms + AROUND_MS);
    },
  });

  createPlayer($("[data-waveform]"), {
    audioUrl: urls.audio, peaksUrl: urls.peaks, durationMs: segment.duration_ms,
    onTime(ms) {
      transport.time(ms);
      words.follow(ms);
      ofFeatures("onTime", ms);
    },
    onState: transport.state,
    onRefused: transport.refused,
  }).then((made) => {
    if (gone) return made.stop();
    player = made;
    return player.ready.then(() => {
      if (gone) return;
      for (const word of words.located) if (word.doubt) player.mark(word.start_ms, word.end_ms, word.text);
      ofFeatures("onPlayer", player);
      player.play();
      fetchAhead(urls.ahead);
    });
  });

  /** One thing at a time; on a refusal everything stays as it was. */
  async function whileBusy(work) {
    if (busy) return;
    busy = true;
    bench.setAttribute("aria-busy", "true");
    try {
      await work();
    } catch (error) {
      refused(error);
    } finally {
      busy = false;
      bench.removeAttribute("aria-busy");
    }
  }

  function leaveFor(answer) {
    autosave.stop();
    hold.forget();
    player?.pause();
    return visit(answer.next ?? urls.queue, answer);
  }

  /** Sends, then goes where the server points. */
  const send = (url, body) => whileBusy(async () => {
    const answer = await postJson(url, body);
    if ([urls.discard, urls.unusable].includes(url)) autosave.discard();
    await leaveFor(answer);
  });

  // Whoever confirmed long ago, while nobody answered, is not sent on by surprise: the next key does it.
  let following = null;
  function sent(answer, body) {
    stopHeartbeat(); // the segment is done, and nobody's any more
    following = { body, answer }; // not what the field holds by now: somebody may have typed on
    if (!busy) status.say(strings.sent_late);
  }

  const isSent = () => following !== null && saysTheSame(following.body, written());
  const submit = () => {
    if (conflict.isOpen) return conflict.take();
    const refusal = ofFeatures("refusal").find(Boolean); // a sentence that says what is to be done first
    if (refusal) return status.say(refusal);
    return whileBusy(async () => {
      if (!isSent()) await autosave.submit();
      if (isSent()) await leaveFor({ ...following.answer, written: following.body.text });
    });
  };

  const conflict = mountConflict($("[data-conflict-panel]"), {
    field, strings,
    // The answer tells both texts as they are now.
    ask: ({ code }) => whileBusy(code === "stale_version" ? autosave.submit : autosave.save),
    onShown: hold.forget,
    onMerged(text, body) {
      autosave.startFrom(body);
      replaceText(text);
      ofFeatures("join", body.phi ?? [], body.theirs);
      status.say(strings.merged);
    },
    onTheirs(body) {
      if (body.code === "stale_version") return send(urls.discard); // saved already: on to the next
      autosave.startFrom(body);
      replaceText(body.theirs);
      return ofFeatures("join", body.phi ?? [], body.theirs);
    },
  });

  const actions = {
    toggle: () => player?.toggle(),
    back: () => player?.rewind(1000),
    forward: () => player?.playFrom(player.timeMs + 1000),
    replay: () => player?.playFrom(0),
    slower: () => player?.changeRate(-1),
    faster: () => player?.changeRate(1),
    hold: () => hold.toggle(),
    "next-doubt": () => words.step(1) || status.say(strings.no_doubt),
    "previous-doubt": () => words.step(-1) || status.say(strings.no_doubt),
    confirm: submit,
    skip: () => send(urls.skip),
    save: () => autosave.save(),
    restore: ({ text }) => replaceText(text),
    unusable: ({ reason } = {}) => (reason ? send(urls.unusable, { reason }) : transport.openReasons()),
    help: () => $("dialog").showModal(),
    "plain-enter": () => status.say(strings.enter.replace("{key}", $("[data-action='confirm'] kbd").textContent)),
  };
  const page = {
    ...more, bench, field, ime, segment, urls, strings, status, words, send, refused, written,
    player: () => player,
    touch: () => autosave.touch(),
    run: (action, detail) => actions[action]?.(detail),
    replaceText,
    replaceRange: (from, to, text) => replaceRange(field, from, to, text),
  };
  features = FEATURES.map((mountFeature) => mountFeature(page));
  Object.assign(actions, ...features.map((feature) => feature.actions));
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
    for (const part of [autosave, active, words, conflict, hold, ime, transport, ...features]) part.stop();
    stopKeys();
    stopHeartbeat();
    player?.stop();
  };
}
