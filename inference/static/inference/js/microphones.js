// The choice of microphone: what the machine has, remembered by its id and, where ids change, by its name.
const KEY = "auscult-microphone";

function remembered() {
  try { return JSON.parse(localStorage.getItem(KEY)) ?? {}; } catch { return {}; }
}

export function mount(select, words) {
  const stop = new AbortController();
  let devices = [];

  /** Names are told only once the microphone was allowed; until then the system's choice stands there alone. */
  async function refresh() {
    const all = await navigator.mediaDevices?.enumerateDevices().catch(() => []) ?? [];
    devices = all.filter(({ kind, deviceId, label }) =>
      kind === "audioinput" && label && deviceId && !["default", "communications"].includes(deviceId));
    const wanted = chosen();
    select.replaceChildren(
      new Option(words.microphone_default, ""),
      ...devices.map(({ deviceId, label }) => new Option(label, deviceId)),
    );
    select.value = wanted;
    select.disabled = !devices.length;
  }

  function chosen() {
    const { id = "", label = "" } = remembered();
    const found = devices.find(({ deviceId }) => deviceId === id) ?? devices.find((one) => label && one.label === label);
    return found?.deviceId ?? "";
  }

  function remember() {
    const label = select.selectedOptions[0]?.label ?? "";
    try {
      localStorage.setItem(KEY, JSON.stringify(select.value ? { id: select.value, label } : {}));
    } catch { /* the choice then lasts for this page */ }
    select.dispatchEvent(new CustomEvent("microphone", { detail: select.value }));
  }

  select.addEventListener("change", remember, { signal: stop.signal });
  navigator.mediaDevices?.addEventListener("devicechange", refresh, { signal: stop.signal });
  refresh();
  return {
    refresh,
    chosen,
    nameOf: (id) => devices.find(({ deviceId }) => deviceId === id)?.label ?? words.microphone_default,
    unmount: () => stop.abort(),
  };
}
