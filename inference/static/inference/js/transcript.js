// The text on the page: final text solid, partial text lighter, doubtful words underlined by how doubtful.
const DOUBT = [0.75, 0.55, 0.35, 0.15]; // as on the correction page

export class Transcript {
  constructor(element, strings) {
    this.element = element;
    this.strings = strings;
    this.offset = 0; // a new session goes on below the old one's text
    this.lines = new Map();
  }

  clear() {
    this.element.replaceChildren();
    this.lines.clear();
    this.offset = 0;
  }

  newSession() {
    this.offset = this.lines.size ? Math.max(...this.lines.keys()) + 1 : 0;
  }

  get next() { // the first utterance without final text, as the server counts
    let index = this.offset;
    while (this.lines.get(index)?.dataset.state === "final") index++;
    return index - this.offset;
  }

  partial({ utterance, text, stable }) {
    const line = this.line(utterance);
    if (line.dataset.state === "final") return;
    line.dataset.state = "partial";
    const head = document.createElement("span");
    head.className = "partial-stable";
    head.textContent = text.slice(0, stable);
    this.show(line, [head, text.slice(stable)]);
  }

  final({ utterance, text, words }) {
    const line = this.line(utterance);
    line.dataset.state = "final";
    line.removeAttribute("aria-hidden");
    this.show(line, text ? this.marked(text, words) : [this.aside(this.strings.not_understood)]);
  }

  later({ utterance }) {
    const line = this.line(utterance);
    line.dataset.state = "final";
    line.removeAttribute("aria-hidden");
    this.show(line, [this.aside(this.strings.text_follows)]);
  }

  // No more text comes: what is still partial stays on the page as what it is.
  end() {
    for (const [index, line] of this.lines) {
      if (line.dataset.state !== "final") this.later({ utterance: index - this.offset });
    }
  }

  line(utterance) {
    const index = utterance + this.offset;
    if (!this.lines.has(index)) {
      const line = document.createElement("p");
      line.setAttribute("aria-hidden", "true"); // only final text is read out
      const after = [...this.lines.keys()].filter((other) => other > index).sort((a, b) => a - b)[0];
      this.element.insertBefore(line, after === undefined ? null : this.lines.get(after));
      this.lines.set(index, line);
    }
    return this.lines.get(index);
  }

  marked(text, words) {
    const parts = [];
    let at = 0;
    for (const word of words) {
      const found = text.indexOf(word.text, at);
      if (found < 0) continue;
      parts.push(text.slice(at, found), this.word(word));
      at = found + word.text.length;
    }
    return [...parts, text.slice(at)];
  }

  word({ text, probability }) {
    const doubt = probability === null ? 0 : DOUBT.filter((edge) => probability < edge).length;
    if (!doubt) return text;
    const span = document.createElement("span");
    span.className = "word";
    span.dataset.doubt = doubt;
    span.tabIndex = 0;
    span.title = this.strings.sure.replace("{percent}", Math.round(probability * 100));
    span.textContent = text;
    return span;
  }

  toEnd() {
    this.element.scrollTop = this.element.scrollHeight;
  }

  aside(text) {
    const span = document.createElement("span");
    span.className = "muted small";
    span.textContent = text;
    return span;
  }

  show(line, parts) {
    const box = this.element;
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
    line.replaceChildren(...parts);
    if (atEnd) this.toEnd();
  }
}
