"""Is it the sentence? The bundled model is small and these voices are no recordings."""

from speech.metrics import cer


def is_like(heard: str, said: str, most_wrong: float = 0.5) -> bool:
    return cer(said, heard).rate <= most_wrong
