// The choice of microphone: what the machine has, remembered by its id and, where ids change, by its name.
const KEY = "auscult-microphone";

function remembered() {
  try { return JSON.parse(localStorage.getItem(KEY)) ?? {}; } catch { return {}; }
}

export function mount(select, words) {
  const stop = new AbortController();
  let devices = [], heard = null; // what is really recorded, whatever is wanted

  /** Names are told only once the microphone was allowed; until then the system's choice stands there alone. */
  async function refresh() {
    const all = await navigator.mediaDevices?.enumerateDevices().catch(() => []) ?? [];
    devices = all.filter(({ kind, deviceId, label }) =>
      kind === "audioinput" && label && deviceId && !["default", "communications"].includes(deviceId));
    select.replaceChildren(
      new Option(words.microphone_default, ""),
      ...devices.map(({ deviceId, label }) => new Option(label, deviceId)),
    );
    show();
    select.disabled = !devices.length;
  }

  function show() {
    select.value = heard === null ? chosen() : devices.find(({ deviceId }) => deviceId === heard)?.deviceId ?? "";
  }

  /** `id`: the device that is open, null for none. */
  function recorded(id) {
    heard = id;
    show();
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
    recorded,
    nameOf: (id) => devices.find(({ deviceId }) => deviceId === id)?.label ?? words.microphone_default,
    unmount: () => stop.abort(),
  };
}
