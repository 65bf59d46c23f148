// Brings what is typed to the server: each change into the journal at once, a draft every few seconds, a submit
// when it is confirmed; again and again while nobody answers, in order. Never says more than is true.
import { isPassing, postJson } from "./api.js";
import { grouped, isGoneOnFrom, windowName } from "./journal.js";
import { saysTheSame } from "./sameness.js";

const DELAY_MS = 700;
const LONGEST_MS = 3000; // somebody who types without a pause is saved too
const RETRY_MS = 5000;
const LONGEST_PARTING_BYTES = 60_000; // a browser sends at most 64 KB for a page that has gone

const bytesOf = (body) => new TextEncoder().encode(JSON.stringify(body)).length;

export function mountAutosave({ field, segment, urls, journal, payload, restore, onState, onRefused, onSent }) {
  const me = windowName();
  let number = 0; // of the newest change
  let keptNumber = 0; // the newest that the journal has written
  let saved = { text: field.value }; // the body that the server has; null: something has changed since
  let savedAt = null;
  let dirtySince = 0;
  let trouble = null;
  let waiting = []; // submits that nobody has answered, the oldest first
  let taken = null; // the newest change of an earlier window, taken over by this one
  let delivery = Promise.resolve();
  let timer = 0;
  let stopped = false;

  const isDirty = () => !saved || !saysTheSame(saved, payload());
  const isSettled = () => !isDirty() && !waiting.length;
  const isKept = () => keptNumber >= number;
  const mine = () => ({ segment: segment.uuid, window: me, number });
  const forget = (entry) => journal.drop(entry.segment, entry.window, entry.number);
  const forgetTaken = () => {
    if (taken) forget(taken);
    taken = null;
  };
  const tell = () => !stopped && (number || waiting.length || trouble) && onState({
    isSaved: isSettled(), isKept: isKept(), isConfirmed: waiting.length > 0, savedAt,
    dirtyMs: dirtySince && Date.now() - dirtySince, trouble,
  });
  const body = () => ({
    ...payload(), base_version: segment.version, version: segment.version, base_text: segment.base_text,
    stamp: `${me}:${number}`, after: segment.stamp,
  });

  function record(kind) {
    number += 1;
    const entry = { ...mine(), at: Date.now(), kind, url: kind === "submit" ? urls.submit : urls.draft, body: body() };
    const kept = () => { keptNumber = Math.max(keptNumber, entry.number); };
    journal.append(entry).then(kept, () => {}).then(tell);
    return entry;
  }

  async function sendDraft({ keepalive = false } = {}) {
    const draft = body();
    const sent = mine();
    await postJson(urls.draft, draft, { keepalive: keepalive && bytesOf(draft) < LONGEST_PARTING_BYTES });
    segment.stamp = draft.stamp;
    saved = draft; // not what the field holds by now: a mark may have been set on the way
    forgetTaken(); // first: while this window's own entry is there, it tells where that text has gone
    forget(sent);
  }

  async function sendSubmit(entry) {
    const answer = await postJson(entry.url, entry.body);
    waiting.shift();
    const start = { version: answer.version, base_text: entry.body.text };
    Object.assign(segment, start, { stamp: "" });
    saved = entry.body;
    for (const next of waiting) Object.assign(next.body, start, { after: "" });
    forget(entry);
    onSent(answer, entry.body);
  }

  async function deliver() {
    clearTimeout(timer);
    try {
      while (waiting.length && !stopped) await sendSubmit(waiting[0]);
      if (isDirty() && !stopped) await sendDraft();
      trouble = null;
      savedAt = Date.now();
      dirtySince = isDirty() ? savedAt : 0; // somebody goes on typing
      if (isSettled()) {
        forgetTaken();
        forget(mine());
      } else timer = setTimeout(save, DELAY_MS);
    } catch (error) {
      trouble = error;
      if (isPassing(error)) timer = setTimeout(save, RETRY_MS);
      else refuse(error);
    }
    tell();
  }

  /** A submit that will not be taken as it stands is a draft again. */
  function refuse(error) {
    const refused = waiting;
    waiting = [];
    if (refused.length) record("draft");
    refused.forEach(forget);
    if (!stopped) onRefused(error);
  }

  /** One request at a time, so that none overtakes another. */
  function save() {
    clearTimeout(timer);
    delivery = delivery.then(() => (stopped || isSettled() ? undefined : deliver()));
    return delivery;
  }

  function onInput() {
    dirtySince ||= Date.now();
    record("draft");
    if (!(trouble && isPassing(trouble))) { // else the next try is due anyway
      clearTimeout(timer);
      timer = setTimeout(save, Math.min(DELAY_MS, Math.max(0, dirtySince + LONGEST_MS - Date.now())));
    }
    tell();
  }

  function onSight() {
    if (document.visibilityState === "visible") return trouble && save();
    if (isDirty() && !waiting.length) sendDraft({ keepalive: true }).catch(() => {});
  }
  const onLine = () => trouble && save();
  const onLeave = (event) => {
    if (!isSettled() && !isKept()) event.preventDefault(); // it is nowhere else
  };

  /** What an earlier window left for this segment: into the field, and on to the server from where it started. */
  async function takeOver() {
    const [lastWindow, lastNumber] = segment.stamp.split(":");
    const arrived = (last) => saysTheSame(last.body, payload())
      || (last.window === lastWindow && last.number <= Number(lastNumber));
    const isKnown = (group) => group.every(({ kind }) => kind === "draft") && arrived(group.at(-1));
    const entries = (await journal.entries()).filter((entry) => entry.segment === segment.uuid && entry.window !== me);
    const all = grouped(entries).sort((one, other) => one.at(-1).at - other.at(-1).at);
    const groups = all.filter((group) => !isGoneOnFrom(group, all));
    all.filter((group) => !groups.includes(group)).forEach((group) => forget(group.at(-1)));
    groups.filter(isKnown).forEach((group) => forget(group.at(-1)));
    const group = groups.findLast((each) => !isKnown(each));
    if (stopped || number || !group) return;
    taken = group.at(-1);
    waiting = group.filter((entry) => entry.kind === "submit");
    const { base_version: version, base_text, after, stamp, text, phi } = taken.body;
    Object.assign(segment, { version, base_text, stamp: `${after} ${stamp}`.trim() });
    if (!saysTheSame(taken.body, payload())) {
      saved = null; // the text may be the same, and its marks not
      restore(text, phi); // comes back here as an input
    }
    save();
  }

  const listeners = [
    [field, "input", onInput], [document, "visibilitychange", onSight],
    [window, "online", onLine], [window, "offline", tell], [window, "beforeunload", onLeave],
  ];
  for (const [target, name, listener] of listeners) target.addEventListener(name, listener);
  const ticker = setInterval(tell, 1000);
  takeOver();

  return {
    save,
    /** The text as it is now becomes the next version, as soon as the server hears of it. */
    submit() {
      const last = waiting.at(-1);
      if (!last || !saysTheSame(last.body, payload())) waiting.push(record("submit"));
      return save();
    },
    /** From here the text in the field starts now: the other text is known. */
    startFrom({ version, start, stamp }) {
      Object.assign(segment, { version, base_text: start, stamp });
      trouble = null;
      saved = null; // whatever stands in the field is to be saved
    },
    /** What was typed here is given up. */
    discard() {
      forgetTaken();
      forget(mine());
    },
    /** Something other than the text has changed. */
    touch() {
      saved = null;
      onInput();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
      clearInterval(ticker);
      for (const [target, name, listener] of listeners) target.removeEventListener(name, listener);
    },
  };
}
