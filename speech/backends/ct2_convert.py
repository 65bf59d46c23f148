"""A transformers Whisper to CTranslate2, in a process of its own. Imports torch.

Run: `python -m speech.backends.ct2_convert FOLDER TARGET TYPE [ADAPTER]`
"""

import shutil
import sys
import tempfile
from pathlib import Path

from ctranslate2.converters import TransformersConverter

from speech.backends.ct2_folder import COPIED
from speech.recognizer import ModelLoadError


def convert(folder: Path, target: Path, compute_type: str, adapter: Path | None = None) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as work:
        source = merged_folder(folder, adapter, Path(work)) if adapter else folder
        TransformersConverter(str(source)).convert(str(target), quantization=compute_type)
    for name in COPIED:
        if (folder / name).is_file():
            shutil.copy(folder / name, target / name)


def merged_folder(folder: Path, adapter: Path, work: Path) -> Path:
    """The model with the adapter in its weights, as a folder of its own."""
    from transformers import WhisperForConditionalGeneration, WhisperProcessor

    from speech.backends.whisper import merged

    model = WhisperForConditionalGeneration.from_pretrained(folder, dtype="float32")
    merged(model, str(adapter)).save_pretrained(work)
    processor = WhisperProcessor.from_pretrained(folder)
    processor.save_pretrained(work)
    processor.feature_extractor.save_pretrained(work)
    return work


if __name__ == "__main__":
    _, source, target, compute_type, *adapter = sys.argv
    try:
        convert(Path(source), Path(target), compute_type, Path(adapter[0]) if adapter else None)
    except (OSError, ValueError, KeyError, RuntimeError, ModelLoadError) as error:
        sys.exit((str(error) or type(error).__name__).splitlines()[0])
