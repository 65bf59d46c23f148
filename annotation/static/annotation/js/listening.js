// Hearing a part again: slower once, or in a loop. What is selected in the text decides which part.
import { phraseAt, spanOf, wordsAt } from "./word_spans.js";

const SLOW_RATE = 0.75;
const AROUND_MS = 200;

export function mount({ field, segment, strings, status, words, player: playerOf }) {
  const selected = () => {
    if (field.selectionStart === field.selectionEnd) return null;
    return spanOf(wordsAt(words.current, field.selectionStart, field.selectionEnd), AROUND_MS);
  };

  return {
    actions: {
      slow() {
        const player = playerOf();
        if (!player) return;
        const phrase = phraseAt(words.current, player.timeMs) ?? [0, segment.duration_ms];
        const [from, to] = selected() ?? [phrase[0] - AROUND_MS, phrase[1] + AROUND_MS];
        player.playSpan(from, to, { rate: SLOW_RATE });
        status.say(strings.slow);
      },
      loop() {
        const player = playerOf();
        const span = player && !player.isLooping && selected();
        if (span) player.loopSpan(...span);
        else player?.toggleLoop();
        if (player?.isLooping) status.say(span ? strings.loop_words : strings.loop_all);
      },
    },
    stop() {},
  };
}
