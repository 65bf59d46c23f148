// The line at the foot of the page that always tells the truth: what is saved and where, what went wrong,
// what a word is worth.
export const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const SLOW_MS = 4000; // longer than a draft takes when all is well

export function mountStatus(bench, strings, segment) {
  const saved = bench.querySelector("[data-saved]");
  const spoken = bench.querySelector("[data-spoken]");
  const problem = bench.querySelector("[data-problem]");

  /** Why the server has not got it, as one word; every word has its sentence. */
  const causeOf = ({ status, code }) => {
    if (code === "logged_out" || code === "other_person") return code;
    if (status !== 0 && status < 500) return "refused";
    return navigator.onLine ? "away" : "offline";
  };
  const age = (savedAt) => {
    const seconds = Math.round((Date.now() - savedAt) / 1000);
    const template = seconds < 60 ? strings.saved : strings.saved_long;
    return fill(template, { seconds, minutes: Math.floor(seconds / 60) });
  };
  const version = () => (segment.version ? ` · ${fill(strings.version, segment)}` : "");

  function show(state, text) {
    saved.dataset.state = state;
    saved.textContent = text;
  }

  return {
    percent: (probability) => (probability === null
      ? strings.unknown
      : fill(strings.sure, { percent: Math.round(probability * 100) })),
    /** A short remark; the place for it is kept free, so nothing moves. */
    say(text) {
      spoken.textContent = text;
    },
    error(error) {
      problem.textContent = error.code === "unreachable" ? strings.unreachable
        : error.code === "logged_out" ? strings.logged_out : error.message || strings.failed;
      problem.hidden = false;
    },
    /** Saved on the server; or kept on this computer, and why no further; or nowhere but on this page. */
    saving({ isSaved, isKept, isConfirmed, savedAt, dirtyMs, trouble }) {
      saved.dataset.kept = String(isKept);
      if (isSaved && savedAt) {
        problem.hidden = true;
        return show("saved", age(savedAt) + version());
      }
      const cause = trouble && causeOf(trouble);
      if (!cause && dirtyMs < SLOW_MS) return show("typing", strings.typing);
      const where = !isKept ? strings.nowhere : isConfirmed ? strings.confirmed : strings.kept;
      const text = cause ? `${where} ${strings[`cause_${cause}`]}` : where;
      show(isKept ? "kept" : "nowhere", text);
      if (isConfirmed && cause) {
        problem.textContent = text;
        problem.hidden = false;
      }
    },
  };
}
