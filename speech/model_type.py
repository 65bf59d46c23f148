"""Which kind of model a reference names: one word of its config.json. No torch."""

import json
from pathlib import Path


def model_type_of(ref: str) -> str:
    """`model_type` of a local folder or a hub id; empty where no config can be read."""
    folder = Path(ref)
    if folder.is_absolute() or folder.is_dir():
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ""
    else:
        from transformers import PreTrainedConfig  # a second to import, and only hub ids need it

        try:
            config, _ = PreTrainedConfig.get_config_dict(ref)
        except (OSError, ValueError):
            return ""
    return str(config.get("model_type", "")) if isinstance(config, dict) else ""
