// One earlier dictation: the same column of text, to correct, copy and export.
import { mount as mountEditing } from "./editing.js";
import { marksWanted, mount as mountTakeAway } from "./take_away.js";
import { Transcript } from "./transcript.js";

export function mount(root) {
  const told = (id) => JSON.parse(document.getElementById(id).textContent);
  const config = told("live-config"), past = told("live-past");
  const find = (name) => root.querySelector(`[data-live="${name}"]`);
  const person = document.querySelector("[data-person]")?.dataset.person ?? "";
  const transcript = new Transcript(find("transcript"), config.strings, { curve: config.curve, marks: marksWanted() });
  const takeAway = mountTakeAway({ root, transcript, address: config.session, strings: config.strings });
  const editing = mountEditing({
    root, transcript, address: config.utterance, person, strings: config.strings,
    alternatives: ({ word }) => word?.alternatives ?? [],
  });
  transcript.goOnIn(past.session);
  past.utterances.forEach((one) => transcript.final(one));
  takeAway.show();
  return () => {
    takeAway.unmount();
    editing.unmount();
  };
}
