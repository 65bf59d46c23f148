// Goes to another page of the same kind without leaving this one: sound keeps its permission, scripts stay loaded.
// mount.js hears the two events and unmounts and mounts what lies inside.
export async function visit(url) {
  let arrived;
  try {
    const response = await fetch(url, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    arrived = response.ok && page.querySelector("#content");
    if (arrived) history.replaceState(null, "", response.url);
  } catch { /* fall through to an ordinary visit, which shows the error */ }
  if (!arrived) return location.assign(url);

  const old = document.querySelector("#content");
  old.dispatchEvent(new CustomEvent("auscult:leave", { bubbles: true }));
  const fresh = document.adoptNode(arrived);
  old.replaceWith(fresh);
  window.scrollTo(0, 0);
  fresh.dispatchEvent(new CustomEvent("auscult:arrive", { bubbles: true }));
}
