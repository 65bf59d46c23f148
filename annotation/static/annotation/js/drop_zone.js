// Upload of several files, one request each, so that one refusal stops nothing and each file shows its own result.
// Without this module the form still works: one request, results as messages.
export function mount(form) {
  const zone = form.querySelector("[data-zone]");
  const input = form.querySelector("input[type=file]");
  const results = form.querySelector("[data-results]");
  form.querySelector("[data-send]").hidden = true; // choosing is enough

  const queue = [];
  let sending = false;

  function line(name) {
    const item = document.createElement("li");
    item.className = "row";
    const badge = document.createElement("span");
    badge.className = "badge";
    badge.textContent = form.dataset.waiting;
    const title = document.createElement("span");
    title.textContent = name;
    const message = document.createElement("span");
    message.className = "muted";
    item.append(badge, title, message);
    results.prepend(item);
    return {
      progress(part) {
        badge.className = "badge badge-busy";
        badge.textContent = part < 1 ? `${Math.round(part * 100)} %` : form.dataset.sent;
      },
      done({ ok, message: sentence, url }) {
        badge.className = `badge ${ok ? "badge-ok" : "badge-bad"}`;
        badge.textContent = "";
        message.textContent = sentence;
        if (!url) return;
        const link = document.createElement("a");
        link.href = url;
        link.textContent = title.textContent;
        title.replaceChildren(link);
      },
    };
  }

  // XMLHttpRequest, because fetch cannot tell how much of a body has been sent.
  function send(file, row) {
    return new Promise((resolve) => {
      const data = new FormData(form);
      data.delete("files");
      data.append("files", file);
      const request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.setRequestHeader("Accept", "application/json");
      request.responseType = "json";
      request.upload.onprogress = (event) => row.progress(event.loaded / event.total);
      request.onload = () => {
        const answer = request.response;
        resolve(answer?.results?.[0] ?? { ok: false, message: answer?.message ?? form.dataset.failed });
      };
      request.onerror = () => resolve({ ok: false, message: form.dataset.failed });
      request.send(data);
    });
  }

  async function drain() {
    if (sending) return;
    sending = true;
    while (queue.length) {
      const { file, row } = queue.shift();
      row.done(await send(file, row));
    }
    sending = false;
    window.htmx?.ajax("GET", location.href, { target: "#recordings", select: "#recordings", swap: "outerHTML" });
  }

  function take(files) {
    for (const file of files) queue.push({ file, row: line(file.name) });
    drain();
  }

  const listeners = {
    dragover: (event) => { event.preventDefault(); zone.dataset.over = ""; },
    dragleave: () => delete zone.dataset.over,
    drop: (event) => { event.preventDefault(); delete zone.dataset.over; take(event.dataTransfer.files); },
  };
  const onChoose = () => { take(input.files); input.value = ""; };
  for (const [name, listener] of Object.entries(listeners)) zone.addEventListener(name, listener);
  input.addEventListener("change", onChoose);
  return () => {
    for (const [name, listener] of Object.entries(listeners)) zone.removeEventListener(name, listener);
    input.removeEventListener("change", onChoose);
  };
}
