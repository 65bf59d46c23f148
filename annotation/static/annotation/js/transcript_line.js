// The line in hand: claimed with the first change, saved as a draft while one types, confirmed as a version.
import { mountActiveTime } from "./active_time.js";
import { postJson } from "./api.js";
import { mountAutosave } from "./autosave.js";
import { mountHeartbeat } from "./heartbeat.js";
import { carrySpans, spansInPoints, spansInUnits } from "./phi_spans.js";

const SLOW_MS = 4000; // longer than a draft takes when all is well

export function mountLine(row, { urls, any, strings, heartbeat_ms: heartbeatMs, isPlaying, journal }) {
  const field = row.querySelector("textarea");
  const state = row.querySelector(".line-state");
  const url = (name) => urls[name].replace(any, row.id.slice(2));
  const active = mountActiveTime({ startMs: Number(row.dataset.active), isPlaying });
  let stopHeartbeat = () => {};
  let claimed = false;
  let isUnsaved = false;
  let busy = false;

  function badge(kind, text) {
    const element = Object.assign(document.createElement("span"), { className: `badge ${kind}`, textContent: text });
    state.replaceChildren(element);
    return element;
  }

  /** What is wrong, in the line where it happened; the text stays. */
  function tell(error) {
    const changed = ["stale_version", "stale_draft"].includes(error.code);
    const known = { unreachable: strings.unreachable, logged_out: strings.logged_out };
    badge("badge-bad", changed ? strings.line_changed : known[error.code] ?? (error.message || strings.failed));
    if (!changed) return;
    const link = Object.assign(document.createElement("a"), { href: url("page"), textContent: strings.line_compare });
    state.append(" ", link);
  }

  // What was typed before this module was there counts as typed.
  const typed = field.value;
  field.value = field.defaultValue;
  const segment = {
    uuid: row.id.slice(2), version: Number(row.dataset.version),
    base_text: row.dataset.base ?? field.value, stamp: row.dataset.stamp ?? "",
  };
  let confirmed = null; // the server's answer to the last confirmation, and what was `sent`
  // What a lost window had marked: nothing is marked here, and nothing that was is lost. Else no word about marks.
  let marked = null;
  const marks = () => marked && {
    phi: spansInPoints(carrySpans(marked.spans, marked.text, field.value), field.value),
  };
  const autosave = mountAutosave({
    field, segment, urls: { draft: url("draft"), submit: url("submit") }, journal,
    payload: () => ({ text: field.value, active_edit_ms: active.read(), stay: true, ...marks() }),
    onState({ isSaved, isKept, dirtyMs, trouble }) {
      isUnsaved = !isSaved;
      if (isSaved) {
        row.dataset.active = active.read();
        badge("badge-warn", strings.line_saved);
      } else if (!trouble && dirtyMs < SLOW_MS) badge("", strings.line_saving);
      else badge("badge-bad", isKept ? strings.kept : strings.nowhere);
    },
    onRefused: tell,
    onSent(answer, body) { confirmed = { ...answer, sent: body.text }; },
    restore(text, phi) {
      if (phi) marked = { text, spans: spansInUnits(phi, text) };
      field.value = text;
      field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    },
  });

  async function claim() {
    if (claimed) return;
    claimed = true;
    try {
      const { held, version } = await postJson(url("claim"));
      if (version !== Number(row.dataset.version)) tell({ code: "stale_version" });
      if (held) stopHeartbeat = mountHeartbeat({ url: url("heartbeat"), everyMs: heartbeatMs, onLost: tell });
    } catch (error) {
      tell(error);
      if (error.status === 0) claimed = false; // asked again with the next change
      else state.append(" ", strings.line_kept);
    }
  }
  field.addEventListener("input", claim);
  if (typed !== field.value) {
    field.value = typed;
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }

  return {
    row,
    get isUnsaved() { return isUnsaved; },
    save: () => autosave.save(),
    /** -> whether the server has taken it as a version. */
    async submit() {
      if (busy) return false;
      busy = true;
      confirmed = null;
      await autosave.submit();
      busy = false;
      if (!confirmed) return false; // the line says why; it is sent when somebody answers
      Object.assign(row.dataset, { version: confirmed.version, active: 0 });
      delete row.dataset.base;
      delete row.dataset.stamp;
      field.defaultValue = confirmed.text;
      if (field.value !== confirmed.sent) return false; // typed on meanwhile: a draft again, and still in hand
      autosave.stop();
      field.value = confirmed.text;
      badge("badge-ok", strings.line_done);
      return true;
    },
    stop() {
      autosave.stop();
      active.stop();
      stopHeartbeat();
      field.removeEventListener("input", claim);
    },
  };
}
