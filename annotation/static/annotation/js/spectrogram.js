// The spectrogram, on demand: the plugin is fetched when it is first asked for, and it decodes the sound anew,
// because the page's player knows only the stored peaks.
const HEIGHT_PX = 160; // reserved in the stylesheet too
const SAMPLE_RATE_HZ = 16000;
const SHADES = 256;

const loaded = new Map();
const script = (url) => {
  if (!loaded.has(url)) {
    loaded.set(url, new Promise((resolve, reject) => {
      const element = Object.assign(document.createElement("script"), { src: url, onload: resolve, onerror: reject });
      document.head.append(element);
    }).catch((error) => {
      loaded.delete(url);
      throw error;
    }));
  }
  return loaded.get(url);
};

/** Red, green, blue of a custom property, 0 to 1 each. */
function rgb(name) {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  canvas.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((value) => value / 255);
}

/** From the page's ground to its text: dark on light by day, light on dark by night. */
function shades() {
  const [from, to] = [rgb("--colour-sunken"), rgb("--colour-text")];
  return Array.from({ length: SHADES }, (_, i) => {
    const share = (i / (SHADES - 1)) ** 0.8;
    return [...from.map((value, at) => value + (to[at] - value) * share), 1];
  });
}

export function mountSpectrogram({ bench, segment, urls, status, strings, player }) {
  const box = bench.querySelector("[data-spectrogram]");
  const button = bench.querySelector("button[data-action='spectrogram']");
  let surfer = null;
  let cursor = null;

  function clear() {
    surfer?.destroy();
    surfer = null;
    box.replaceChildren();
  }

  function draw() {
    clear();
    cursor = Object.assign(document.createElement("span"), { className: "spectrogram-cursor" });
    const [ground, picture] = [document.createElement("div"), document.createElement("div")];
    ground.className = "spectrogram-ground"; // its own waveform, drawn already above: no height, but a width
    box.append(ground, picture, cursor);
    surfer = WaveSurfer.create({
      container: ground, height: 0, url: urls.audio, sampleRate: SAMPLE_RATE_HZ, interact: false,
      plugins: [WaveSurfer.Spectrogram.create({
        container: picture, height: HEIGHT_PX, scale: "mel", frequencyMax: SAMPLE_RATE_HZ / 2, fftSamples: 512,
        labels: true, labelsBackground: "transparent", labelsColor: "currentcolor", labelsHzColor: "currentcolor",
        colorMap: shades(),
      })],
    });
    surfer.on("error", () => status.say(strings.no_spectrogram));
    follow(player()?.timeMs ?? 0);
  }

  async function toggle() {
    box.hidden = !box.hidden;
    button.setAttribute("aria-pressed", String(!box.hidden));
    if (box.hidden) return clear();
    try {
      await script(box.dataset.spectrogram);
    } catch {
      return status.say(strings.no_spectrogram);
    }
    if (!box.hidden && box.isConnected) draw();
  }

  const follow = (ms) => {
    if (surfer) cursor.style.left = `${(100 * ms) / segment.duration_ms}%`;
  };
  const onClick = (event) => {
    const { left, width } = box.getBoundingClientRect();
    player()?.seek((segment.duration_ms * (event.clientX - left)) / width);
  };
  const onTheme = () => surfer && draw();
  box.addEventListener("click", onClick);
  document.addEventListener("auscult:theme", onTheme);

  return {
    actions: { spectrogram: toggle },
    onTime: follow,
    stop() {
      document.removeEventListener("auscult:theme", onTheme);
      box.removeEventListener("click", onClick);
      clear();
    },
  };
}
