// Goes to another page of the same kind without leaving this one: sound keeps its permission, scripts stay loaded.
// mount.js hears the two events and unmounts and mounts what lies inside.
import { takePage } from "./ahead.js";

async function fetched(url) {
  try {
    const response = await fetch(url, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    if (!response.ok) return {};
    return { page: new DOMParser().parseFromString(await response.text(), "text/html"), address: response.url };
  } catch {
    return {}; // an ordinary visit shows the error
  }
}

/** A page that was fetched ahead does not know yet: the lease, and what was written just now, if it stands beside. */
function completed(page, { lease, written }) {
  page.querySelector("[data-module]").dataset.lease = lease;
  const left = page.querySelector(`[data-neighbour][href="${location.pathname}"]`);
  if (left && written) left.lastChild.textContent = ` ${written}`;
  return page;
}

/** `mark`, `lease` and `written` come with a claim: the page may be here already. */
export async function visit(url, { mark, ...news } = {}) {
  const ahead = mark && (await takePage(url, mark));
  const { page, address } = ahead ? { page: completed(ahead, news), address: url } : await fetched(url);
  const arrived = page?.querySelector("#content");
  if (!arrived) return location.assign(url);

  history.replaceState(null, "", address);
  const old = document.querySelector("#content");
  old.dispatchEvent(new CustomEvent("auscult:leave", { bubbles: true }));
  const fresh = document.adoptNode(arrived);
  old.replaceWith(fresh);
  window.scrollTo(0, 0);
  fresh.dispatchEvent(new CustomEvent("auscult:arrive", { bubbles: true }));
}
