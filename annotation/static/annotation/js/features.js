// What the correction page can do beyond hearing, typing and confirming: one module each, none knows another.
// A feature is mount(page) -> { stop, actions?, payload?, restore?, join?, refusal?, onPlayer?, onTime? }:
//   actions   { name: (detail) => … }, what keys and buttons call by name
//   payload() fields that go with every draft and submit
//   restore(marks) what a lost window had marked in the text that has just been put back
//   join(marks, text) what is marked in another text, of which something was taken into this one
//   refusal() a sentence while the text must not be confirmed yet, else nothing
//   onPlayer(player), onTime(ms)
import { mount as alternatives } from "./alternatives.js";
import { mountAutocomplete as autocomplete } from "./autocomplete.js";
import { mountCuts as cuts } from "./cuts.js";
import { mount as fixEverywhere } from "./fix_everywhere.js";
import { mountHear as hear } from "./hear.js";
import { mount as listening } from "./listening.js";
import { mountMenus as menus } from "./menus.js";
import { mount as mode } from "./mode.js";
import { mountNeighbours as neighbours } from "./neighbours.js";
import { mount as personalKeys } from "./personal_keys.js";
import { mountPhi as phi } from "./phi.js";
import { mountSpectrogram as spectrogram } from "./spectrogram.js";
import { mountStrips as strips } from "./strips.js";
import { mountTerms as terms } from "./terms.js";
import { mount as undo } from "./undo.js";

export const FEATURES = [
  listening, undo, mode, alternatives, fixEverywhere, autocomplete, terms, phi,
  menus, cuts, hear, neighbours, spectrogram, strips, personalKeys,
];
