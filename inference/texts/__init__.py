"""A dictation's text as people and other systems take it away. Pure: no Django, no rows, no audio."""
