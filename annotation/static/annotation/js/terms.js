// The line under the text: terms of the lexicon that stand in it, and what was nearly one. A click writes the form.
import { postJson } from "./api.js";
import { insertAt, unitsOf } from "./insert.js";

const REST_MS = 500;

export function mountTerms({ field, bench, lexicon, strings, status }) {
  const list = bench.querySelector("[data-terms]");
  let timer = 0;
  let asked = 0;
  const hasTerms = lexicon.forms || lexicon.suggest;

  async function look() {
    const mine = ++asked;
    const text = field.value;
    const answer = await postJson(lexicon.found, { text }).catch(() => null);
    if (mine !== asked || !answer) return; // an older text, or no line: what is shown may stay
    list.replaceChildren(...answer.places.map((place) => item(place, text)));
  }

  function item(place, text) {
    const line = document.createElement("li");
    line.lang = "zh-Hant";
    if (place.near) {
      line.dataset.near = "";
      line.append(`${place.heard} →`);
    }
    const start = unitsOf(text, place.start);
    for (const form of place.forms.filter((one) => one !== place.heard)) line.append(button(place.heard, start, form));
    if (!place.near) line.prepend(strong(place.heard));
    return line;
  }

  function button(heard, start, form) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "term-form";
    made.textContent = form;
    made.title = strings.write_instead.replace("{form}", form).replace("{heard}", heard);
    made.addEventListener("click", () => {
      // Typed on meanwhile: the word is looked for again, nearest to where it stood.
      const at = field.value.startsWith(heard, start) ? start : field.value.indexOf(heard);
      if (at >= 0) insertAt(field, at, at + heard.length, form);
    });
    return made;
  }

  const onInput = () => {
    clearTimeout(timer);
    timer = setTimeout(look, REST_MS);
  };
  if (hasTerms) {
    field.addEventListener("input", onInput);
    look();
  }

  return {
    actions: {
      async "add-term"() {
        const text = field.value.slice(field.selectionStart, field.selectionEnd).trim();
        if (!text) return status.say(strings.select_word);
        try {
          const { message } = await postJson(lexicon.add, { text });
          status.say(message);
          look();
        } catch (error) {
          status.say(error.message || strings.failed);
        }
      },
    },
    stop() {
      clearTimeout(timer);
      asked++;
      field.removeEventListener("input", onInput);
    },
  };
}

function strong(text) {
  const made = document.createElement("b");
  made.textContent = text;
  return made;
}
