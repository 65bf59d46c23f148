// The department's terms: to look up, marked where this dictation has them, and told to the recogniser where the
// site's model gains by it (then they can be chosen). Also what a word may have been meant to be.
const SHOWN = 200;
const CHOSEN = "auscult-live-terms";
const ALIKE = 0.3;

const pairs = (text) => {
  const folded = text.toLowerCase();
  return new Set(Array.from({ length: Math.max(1, folded.length - 1) }, (_, at) => folded.slice(at, at + 2)));
};
const alike = (a, b) => (2 * [...a].filter((pair) => b.has(pair)).length) / (a.size + b.size);

export function mount(panel, { address, site, most, strings, textOf }) {
  const stop = new AbortController();
  const search = panel.querySelector("input");
  const list = panel.querySelector("ul");
  const none = panel.querySelector("[data-none]");
  const key = `${CHOSEN} ${site}`;
  let terms = [], loading, chosen;
  try { chosen = new Set(JSON.parse(localStorage.getItem(key)) ?? []); } catch { chosen = new Set(); }

  const load = () => (loading ??= fetch(address, { headers: { Accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : { terms: [] }))
    .then((answer) => {
      terms = answer.terms.map((term) => ({ ...term, forms: [term.text, ...term.aliases].map((form) => form.toLowerCase()) }));
      show();
    })
    .catch(() => { loading = undefined; })); // the next time that it is opened

  function show() {
    if (!panel.open) return;
    const wanted = search.value.trim().toLowerCase(), said = textOf().toLowerCase();
    const rows = terms
      .filter(({ forms }) => forms.some((form) => form.includes(wanted)))
      .map((term) => ({ ...term, heard: term.forms.some((form) => said.includes(form)) }))
      .sort((a, b) => b.heard - a.heard || chosen.has(b.text) - chosen.has(a.text));
    list.replaceChildren(...rows.slice(0, SHOWN).map(row));
    none.hidden = rows.length > 0;
    const count = rows.filter(({ heard }) => heard).length;
    panel.querySelector("[data-count]").textContent = count ? `· ${strings.terms_heard.replace("{count}", count)}` : "";
  }

  function row({ text, kind, aliases, heard }) {
    const item = document.createElement("li"), name = document.createElement(most ? "label" : "span");
    item.dataset.heard = heard;
    if (most) name.append(box(text));
    const said = document.createElement("span");
    Object.assign(said, { textContent: text, lang: "zh-Hant", className: "term" });
    const more = document.createElement("span");
    Object.assign(more, { className: "muted small", textContent: [kind, ...aliases].join(" · ") });
    name.append(said, more);
    item.append(name);
    if (heard) item.append(Object.assign(document.createElement("span"), { className: "badge badge-ok", textContent: strings.term_heard }));
    return item;
  }

  function box(text) {
    const input = Object.assign(document.createElement("input"), { type: "checkbox", checked: chosen.has(text) });
    input.disabled = !input.checked && chosen.size >= most;
    input.addEventListener("change", () => {
      input.checked ? chosen.add(text) : chosen.delete(text);
      try { localStorage.setItem(key, JSON.stringify([...chosen])); } catch { /* for this page then */ }
      for (const other of list.querySelectorAll("input")) other.disabled = !other.checked && chosen.size >= most;
    });
    return input;
  }

  function onToggle() {
    if (!panel.open) return;
    load();
    show();
    search.focus();
  }

  panel.addEventListener("toggle", onToggle, { signal: stop.signal });
  search.addEventListener("input", show, { signal: stop.signal });
  onToggle(); // opened before this was there
  return {
    load,
    show,
    chosen: () => (most ? [...chosen].slice(0, most) : []),
    /** Up to three terms that are spelled like `word`, the likest first. */
    near(word) {
      const wanted = pairs(word);
      return terms
        .map(({ text }) => [alike(wanted, pairs(text)), text])
        .filter(([score, text]) => score >= ALIKE && text !== word)
        .sort(([a], [b]) => b - a)
        .slice(0, 3)
        .map(([, text]) => text);
    },
    unmount: () => stop.abort(),
  };
}
