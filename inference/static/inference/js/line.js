// A WebSocket that comes back by itself and notices when nobody is there any more. Knows nothing of sound.
const PING_MS = 15000;
const SILENT_MS = 10000; // no answer for so long while one is due: the connection is dead
const BACKOFF_MS = [200, 500, 1000, 2000, 4000];

export class Line extends EventTarget {
  constructor(address) {
    super();
    this.address = address;
    this.failures = 0;
    this.state = "idle"; // connecting, open, waiting, over
    this.online = () => this.state === "waiting" && this.connect();
    window.addEventListener("online", this.online);
    this.heart = setInterval(() => this.beat(), 1000);
  }

  // What a line is for: opened(), heard(message), refused(code) -> is it over?, idle()

  connect() {
    clearTimeout(this.retry);
    this.set("connecting");
    this.ready = false;
    const socket = new WebSocket(this.address);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.opened();
    socket.onmessage = ({ data }) => {
      if (socket !== this.socket) return;
      this.dueSince = null;
      this.heard(JSON.parse(data));
    };
    socket.onclose = ({ code }) => socket === this.socket && this.closed(code);
    this.pingedAt = this.dueSince = performance.now();
  }

  agreed() {
    this.failures = 0;
    this.ready = true;
    this.set("open");
  }

  // `waitMs`: the server said when to come again.
  again(waitMs) {
    this.hangUp();
    this.closed(0, waitMs);
  }

  closed(code, waitMs) {
    this.ready = false;
    if (this.state === "over" || this.refused(code)) return;
    this.set("waiting");
    const pause = waitMs ?? BACKOFF_MS[Math.min(this.failures++, BACKOFF_MS.length - 1)];
    this.retry = setTimeout(() => this.connect(), pause * (0.8 + 0.4 * Math.random()));
  }

  close() {
    this.set("over");
    clearTimeout(this.retry);
    clearInterval(this.heart);
    window.removeEventListener("online", this.online);
    this.socket?.close();
  }

  beat() {
    if (this.state !== "open" && this.state !== "connecting") return;
    const now = performance.now();
    if (this.dueSince !== null && now - this.dueSince > SILENT_MS && !this.patient) return this.again();
    if (this.ready && now - this.pingedAt > PING_MS) {
      this.pingedAt = now;
      this.say({ type: "ping" });
    }
    this.idle();
  }

  hangUp() {
    this.socket.onclose = null;
    this.socket.close();
  }

  say(message) {
    this.send(JSON.stringify(message));
  }

  send(data) {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.dueSince ??= performance.now();
    this.socket.send(data);
  }

  set(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
