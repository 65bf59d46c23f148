// Two texts of one segment: what only one side changed is taken, and where both did the person chooses: mine,
// theirs or both. The result goes into the ordinary field, where it is heard, edited and confirmed like any text.
// Nothing moves while somebody types: then a line says that there is another text, and waits to be asked.
const CHOICES = ["mine", "theirs", "both"];

export function mountConflict(panel, { field, strings, ask, onMerged, onTheirs, onShown }) {
  const $ = (selector) => panel.querySelector(selector);
  const notice = panel.parentElement.querySelector("[data-conflict-notice]");
  let detail = null;
  let groups = [];

  const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const element = (name, attributes = {}, ...children) => {
    const made = Object.assign(document.createElement(name), attributes);
    made.append(...children);
    return made;
  };
  const chosen = (group) => group?.querySelector("input:checked")?.value;
  const open = () => groups.filter((group) => !chosen(group));

  /** What both say stands as it is; what one side changed says whose it is; the rest is to be chosen. */
  function pieceElement(piece) {
    if (piece.kind === "same") return document.createTextNode(piece.mine);
    if (piece.kind === "conflict") return choiceElement(piece);
    const text = piece[piece.kind];
    const whose = element("span", { className: "merge-whose" }, strings[text ? piece.kind : `${piece.kind}_cut`]);
    return element(text ? "ins" : "del", { className: "merge-taken" }, text || piece.base, whose);
  }

  function choiceElement(piece) {
    const number = groups.length + 1;
    const group = element("fieldset", { className: "merge-choice" });
    group.append(element("legend", { className: "visually-hidden" }, fill(strings.choice, { number })));
    CHOICES.forEach((choice, at) => {
      const input = element("input", { type: "radio", name: `choice-${number}`, value: choice });
      const text = element("span", { className: "merge-text" }, piece[choice] || strings.nothing);
      const whose = element("span", { className: "merge-whose" }, `${at + 1} ${strings[choice]}`);
      group.append(element("label", {}, input, text, whose));
    });
    groups.push(group);
    return group;
  }

  const result = () => {
    let at = 0;
    return detail.pieces.map((piece) => {
      if (piece.kind !== "conflict") return piece[piece.kind === "theirs" ? "theirs" : "mine"];
      return piece[chosen(groups[at++])];
    }).join("");
  };

  function tellLeft() {
    const left = open().length;
    $("[data-conflict-left]").textContent = left ? fill(strings.left, { left }) : strings.none_left;
    $("[data-decide=take]").disabled = left > 0;
  }

  function close() {
    panel.hidden = true;
    notice.hidden = true;
    field.readOnly = false;
  }

  function take() {
    const first = open()[0];
    if (first) return first.querySelector("input").focus();
    const text = result();
    close();
    onMerged(text, detail);
  }

  /** The number of a choice takes it and goes on; the arrows and the space bar do what they do on any radio. */
  const onKey = (event) => {
    const group = event.target.closest(".merge-choice");
    const choice = CHOICES[Number(event.key) - 1];
    if (!group || !choice || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    group.querySelector(`[value="${choice}"]`).checked = true;
    tellLeft();
    (open()[0]?.querySelector("input") ?? $("[data-decide=take]")).focus();
  };
  const decide = {
    take,
    mine() {
      for (const group of groups) group.querySelector("[value='mine']").checked = true;
      tellLeft();
    },
    theirs() {
      close();
      onTheirs(detail);
    },
    later() {
      close();
      field.focus();
    },
  };
  const onClick = (event) => decide[event.target.closest("[data-decide]")?.dataset.decide]?.();
  const onAsk = () => {
    notice.hidden = true;
    ask(detail);
  };

  panel.addEventListener("keydown", onKey);
  panel.addEventListener("change", tellLeft);
  panel.addEventListener("click", onClick);
  notice.querySelector("button").addEventListener("click", onAsk);

  return {
    get isOpen() { return !panel.hidden; },
    take,
    /** Beside somebody who is typing: says it, and takes nothing away from them. */
    offer(body) {
      if (!panel.hidden) return;
      detail = body;
      notice.hidden = false;
    },
    show(body) {
      detail = body;
      groups = [];
      panel.hidden = false; // first, so that the title is spoken
      $("[data-conflict-title]").textContent = body.author ? fill(strings.by_other, body) : strings.by_me;
      $("[data-conflict-line]").replaceChildren(...body.pieces.map(pieceElement));
      tellLeft();
      notice.hidden = true;
      field.readOnly = true; // until it is decided what stands in it
      onShown();
      (groups[0]?.querySelector("input") ?? $("[data-decide=take]")).focus();
    },
    stop() {
      panel.removeEventListener("keydown", onKey);
      panel.removeEventListener("change", tellLeft);
      panel.removeEventListener("click", onClick);
      notice.querySelector("button").removeEventListener("click", onAsk);
    },
  };
}
