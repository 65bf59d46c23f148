"""How the bundled base model is made: a small Whisper trained from nothing on synthetic speech.

Run as `python -m training.pretrain`. Depends on `speech` only; knows nothing of Django.
"""
