"""The live session without its wires: PCM bytes in, events out. No Django, network or wall clock."""
