// The line at the foot of the page that always tells the truth: what is saved, what went wrong, what a word is worth.
const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

export function mountStatus(bench, strings, segment) {
  const saved = bench.querySelector("[data-saved]");
  const spoken = bench.querySelector("[data-spoken]");
  const problem = bench.querySelector("[data-problem]");

  const sentence = (error) => {
    if (error.code === "unreachable") return strings.unreachable;
    if (error.code === "logged_out") return strings.logged_out;
    return error.message || strings.failed;
  };

  return {
    percent: (probability) => (probability === null
      ? strings.unknown
      : fill(strings.sure, { percent: Math.round(probability * 100) })),
    /** A short remark; the place for it is kept free, so nothing moves. */
    say(text) {
      spoken.textContent = text;
    },
    error(error) {
      problem.textContent = sentence(error);
      problem.hidden = false;
    },
    saving({ state, savedAt, code }) {
      if (state === "unsaved") {
        saved.textContent = code === "unreachable" ? strings.unsaved : strings.refused;
      } else if (state === "typing") {
        saved.textContent = strings.typing;
      } else {
        problem.hidden = true;
        const seconds = Math.round((Date.now() - savedAt) / 1000);
        const when = fill(seconds < 60 ? strings.saved : strings.saved_long, {
          seconds, minutes: Math.floor(seconds / 60),
        });
        saved.textContent = segment.version ? `${when} · ${fill(strings.version, segment)}` : when;
      }
    },
  };
}
