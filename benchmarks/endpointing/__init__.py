"""When an utterance ends, simulated: sound with known ends of words, a virtual clock, a modelled engine."""
