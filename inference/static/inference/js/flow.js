// Utterances -> running text: marks where the speaker paused, a paragraph after a long pause. The same rule as
// inference/texts/flow.py; tests/inference/texts/flow_cases.json holds them together.
const SENTENCE_GAP_MS = 700;
const PARAGRAPH_GAP_MS = 2000;
const CUT_FROM_MS = 12000; // an utterance this long that the next one touches was cut in the middle of speech
const HAN = /[\u3400-\u9fff\uf900-\ufaff]/;
const MARK = /[，。！？；：、…]|[,.!?;:](?!\S)/;
const NO_SPACE_BESIDE = /[\u3000-\u303f\u3040-\u30ff\u3105-\u312f\u3400-\u9fff\uf900-\ufaff\uff00-\uff65\s]/;

const gapOf = (one, following) => following.start_ms - one.end_ms;
/** Two sessions have two clocks. */
export const parts = (one, following) =>
  one.session !== following.session || gapOf(one, following) >= PARAGRAPH_GAP_MS;

function mark(one, following) {
  if (MARK.test(one.text) || !(HAN.test(one.text) || (following && HAN.test(following.text)))) return "";
  if (!following || one.session !== following.session) return "。";
  if (gapOf(one, following) <= 0 && one.end_ms - one.start_ms >= CUT_FROM_MS) return "";
  return gapOf(one, following) < SENTENCE_GAP_MS ? "，" : "。";
}

/** What stands behind `one`: a mark, a space or nothing. Both have text. */
export function joint(one, following, marks = true) {
  const found = marks ? mark(one, following) : "";
  if (found || !following || parts(one, following)) return found;
  const left = one.text.trim().at(-1), right = following.text.trim()[0];
  return NO_SPACE_BESIDE.test(left) || NO_SPACE_BESIDE.test(right) ? "" : " ";
}

export function runningText(utterances, marks = true) {
  const spoken = utterances.filter(({ text }) => text.trim());
  const paragraphs = [""];
  spoken.forEach((one, at) => {
    const following = spoken[at + 1];
    paragraphs[paragraphs.length - 1] += one.text.trim() + joint(one, following, marks);
    if (following && parts(one, following)) paragraphs.push("");
  });
  return paragraphs.map((paragraph) => paragraph.trim()).join("\n\n");
}
