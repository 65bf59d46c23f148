// Keeps the screen on while something records; the browser drops the lock whenever the page is out of sight.
export function stayAwake() {
  let lock = null;
  const take = async () => {
    if (document.visibilityState === "visible") lock = await navigator.wakeLock?.request("screen").catch(() => null);
  };
  document.addEventListener("visibilitychange", take);
  take();
  return () => {
    document.removeEventListener("visibilitychange", take);
    lock?.release().catch(() => {});
  };
}
