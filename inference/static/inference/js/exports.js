// The links of the export menu, one a format. A dictation that the server ended in between (a minute without a line)
// is several there: its text is then taken from the page, which has all of it, the rest part by part.
const TEXT = "export.txt";

const fileName = () => // Swedish writes a time as the server's file names do: 2025-01-31 09:30:00
  `dictation-${new Date().toLocaleString("sv-SE").replace(/[-:]/g, "").replace(" ", "-")}.txt`;

export function mount({ menu, transcript, address, strings }) {
  const links = [...menu.querySelectorAll("[data-format]")].map((link) => ({ link, label: link.textContent }));
  const note = menu.querySelector("[data-parts]");
  let written = null; // the text's own address

  /** Those with something said in them; before that the one that runs. */
  function spoken() {
    const { sessions, utterances } = transcript;
    const found = sessions.filter((session) => utterances.some((one) => one.session === session));
    return found.length ? found : sessions.slice(-1);
  }

  function point(link, session) {
    const base = session ? address.replace("SESSION", session) + link.dataset.format : "";
    if (session) link.href = transcript.marks ? base : `${base}?marks=0`;
    else link.removeAttribute("href");
    link.ariaDisabled = session ? null : "true";
    link.download = "";
  }

  function pointToPage(link) {
    URL.revokeObjectURL(written);
    written = URL.createObjectURL(new Blob([`${transcript.text}\n`], { type: "text/plain;charset=utf-8" }));
    Object.assign(link, { href: written, download: fileName(), ariaDisabled: null });
  }

  function pointToParts(link, label, sessions) {
    const all = sessions.map((_, at) => (at ? link.cloneNode() : link));
    link.after(...all.slice(1));
    all.forEach((one, at) => {
      one.textContent = strings.part.replace("{name}", label).replace("{number}", at + 1);
      if (at) one.dataset.further = "";
      point(one, sessions[at]);
    });
  }

  return function show() {
    const sessions = spoken(), several = sessions.length > 1;
    note.hidden = !several;
    note.textContent = strings.parts.replace("{count}", sessions.length);
    menu.querySelectorAll("[data-further]").forEach((one) => one.remove());
    for (const { link, label } of links) {
      link.textContent = label;
      if (!several) point(link, sessions[0]);
      else if (link.dataset.format === TEXT) pointToPage(link);
      else pointToParts(link, label, sessions);
    }
  };
}
