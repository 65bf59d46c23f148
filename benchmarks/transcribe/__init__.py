"""How much speech a second of work writes down, beside faster-whisper and the transformers pipeline."""
