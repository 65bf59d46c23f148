// A preset puts other values in place of the defaults: shown in the empty fields, as the defaults are.
export function mount(form) {
  const presets = JSON.parse(form.querySelector("#preset-data").textContent);
  const select = form.elements.preset;

  function show() {
    for (const [knob, value] of Object.entries(presets[select.value] ?? {})) {
      const field = form.elements[knob];
      if (!field) continue;
      field.placeholder = value;
      const empty = [...(field.options ?? [])].find((option) => !option.value);
      const same = empty && [...field.options].find((option) => option.value === value);
      if (empty) empty.textContent = same?.textContent ?? value;
    }
  }

  select.addEventListener("change", show);
  show();
  return () => select.removeEventListener("change", show);
}
