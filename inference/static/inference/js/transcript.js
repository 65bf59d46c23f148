// The text on the page: final text solid, partial text lighter, doubtful words underlined by how doubtful.
// Knows what stands where; what a tap does is correct.js, what scrolls is follow.js.
import { joint, parts, runningText } from "./flow.js";
import { elementOf, partsOf } from "./words.js";

const TAIL_MS = 192; // of its pause, that an utterance carries itself: what speech_ended does not count

export class Transcript extends EventTarget {
  constructor(element, strings, { curve = [], marks = true } = {}) {
    super();
    Object.assign(this, { element, strings, curve, marks });
    this.clear();
  }

  clear() {
    this.element.replaceChildren();
    this.utterances = []; // in the order of speech: {session, index, text, words, start_ms, end_ms, state, line}
    this.sessions = [];
  }

  // --- what the server says ---

  goOnIn(session) {
    if (!this.sessions.includes(session)) this.sessions.push(session);
  }

  get next() { // the first utterance without final text, as the server counts
    const here = this.utterances.filter(({ session }) => session === this.sessions.at(-1));
    const open = here.findIndex(({ index, state }, at) => index !== at || state === "partial");
    return open < 0 ? here.length : open;
  }

  partial({ utterance, text, stable, start_ms }) {
    const one = this.at(utterance, start_ms);
    if (one.state !== "partial") return;
    one.text = text;
    const head = document.createElement("span");
    head.className = "partial-stable";
    head.textContent = text.slice(0, stable);
    this.show(one, [head, text.slice(stable)]);
  }

  ended({ utterance, at_ms }) {
    const one = this.find(this.sessions.at(-1), utterance);
    if (one?.state === "partial") one.end_ms = at_ms + TAIL_MS;
  }

  final({ utterance, text, words, start_ms, end_ms, corrected_text: corrected }) {
    const one = this.at(utterance, start_ms);
    const kept = one.state === "final" && one.text !== one.heard ? one.text : text; // heard twice, put right between
    Object.assign(one, { state: "final", heard: text, words, start_ms, end_ms });
    this.correct(one, corrected ?? kept);
    this.dispatchEvent(new CustomEvent("final", { detail: one }));
  }

  later({ utterance, start_ms, end_ms }) {
    const one = this.at(utterance, start_ms);
    if (one.state !== "partial") return;
    Object.assign(one, { state: "later", text: "", end_ms: end_ms ?? one.end_ms });
    this.show(one, [this.aside(this.strings.text_follows)]);
  }

  // No more text comes: what is still partial stays on the page as what it is.
  end() {
    for (const one of this.utterances) if (one.state === "partial") this.later({ utterance: one.index, start_ms: one.start_ms });
  }

  // --- what the person does ---

  correct(one, text) {
    one.text = text;
    one.parts = partsOf(text, one.words, one.heard);
    one.line.dataset.corrected = text !== one.heard;
    this.show(one, text ? one.parts.map((part, at) => elementOf(part, at, this)) : [this.aside(this.strings.not_understood)]);
  }

  mark(marks) {
    this.marks = marks;
    this.arrange();
  }

  get text() {
    return runningText(this.utterances.filter(({ state }) => state === "final"), this.marks);
  }

  utteranceOf(element) {
    const line = element.closest?.("[data-state]");
    return this.utterances.find((one) => one.line === line);
  }

  // --- inside ---

  find(session, index) {
    return this.utterances.find((one) => one.session === session && one.index === index);
  }

  at(index, start_ms) {
    const session = this.sessions.at(-1);
    const known = this.find(session, index);
    if (known) return known;
    const line = document.createElement("span");
    const one = { session, index, state: "partial", text: "", words: [], start_ms: start_ms ?? 0, end_ms: start_ms ?? 0, line };
    const after = this.utterances.findIndex((other) => other.session === session && other.index > index);
    this.utterances.splice(after < 0 ? this.utterances.length : after, 0, one);
    return one;
  }

  aside(text) {
    const span = document.createElement("span");
    span.className = "muted small aside";
    span.textContent = text;
    return span;
  }

  show(one, content) {
    one.line.dataset.state = one.state;
    one.line.replaceChildren(...content);
    this.arrange();
    this.dispatchEvent(new Event("grown"));
  }

  /** Paragraphs and what stands between utterances; moves nothing that stands where it should. */
  arrange() {
    const paragraphs = [...this.element.children];
    let paragraph = -1, before = null;
    for (const one of this.utterances) {
      if (!before || parts(before, one)) {
        paragraphs[++paragraph] ??= this.element.appendChild(document.createElement("p"));
        before = null;
      }
      const { line } = one, place = paragraphs[paragraph];
      const stands = line.parentNode === place && line.previousSibling === (before?.line ?? null);
      if (!stands) before ? before.line.after(line) : place.prepend(line);
      before = one;
    }
    paragraphs.slice(paragraph + 1).forEach((empty) => empty.remove());
    this.join();
  }

  join() {
    let following;
    for (const one of this.utterances.toReversed()) {
      const open = one.state === "partial" && !following;
      one.line.dataset.joint = open ? "" : one.text.trim() ? joint(one, following, this.marks) : " ";
      if (one.text.trim()) following = one;
    }
  }
}
