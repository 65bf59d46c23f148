// Knows whether an input method is composing. Three signs, because no single one can be trusted:
// some browsers end the composition before the keydown of the Enter that confirmed it.
export function watchComposition(field) {
  let composing = false;
  let timer = 0;
  const start = () => {
    clearTimeout(timer);
    composing = true;
  };
  // After this task, so that the keydown that follows compositionend still counts as the input method's.
  const end = () => {
    timer = setTimeout(() => { composing = false; }, 0);
  };
  field.addEventListener("compositionstart", start);
  field.addEventListener("compositionend", end);
  return {
    owns: (event) => composing || event.isComposing || event.keyCode === 229,
    stop() {
      clearTimeout(timer);
      field.removeEventListener("compositionstart", start);
      field.removeEventListener("compositionend", end);
    },
  };
}
