// Behaviour visible in the markup: <div data-module="/static/…/player.js"> imports that module and calls
// its mount(element). What mount returns is called when htmx (or visit.js) takes the element away.
const unmounts = new WeakMap();

async function mountOne(element) {
  if (unmounts.has(element)) return;
  unmounts.set(element, () => {});
  const { mount } = await import(element.dataset.module);
  if (!element.isConnected) return;
  unmounts.set(element, mount(element) ?? (() => {}));
  element.dataset.mounted = ""; // from here on it answers to keys
}

function mountAll(root) {
  if (root.matches?.("[data-module]")) mountOne(root);
  root.querySelectorAll?.("[data-module]").forEach(mountOne);
}

function unmountAll(root) {
  for (const element of [root, ...(root.querySelectorAll?.("[data-module]") ?? [])]) {
    unmounts.get(element)?.();
    unmounts.delete(element);
  }
}

mountAll(document);
for (const name of ["htmx:load", "auscult:arrive"]) {
  document.addEventListener(name, (event) => mountAll(event.target));
}
for (const name of ["htmx:beforeCleanupElement", "auscult:leave"]) {
  document.addEventListener(name, (event) => unmountAll(event.target));
}
