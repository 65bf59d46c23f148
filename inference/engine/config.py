"""What the engine is told by its environment, and which models it may load."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

BACKENDS = ("auto", "transformers", "ctranslate2")
_ROOT = Path(__file__).resolve().parents[2]


class UnknownModelError(Exception):
    """The reference names nothing that this engine may load."""


@dataclass(frozen=True, slots=True)
class EngineConfig:
    base_model: str
    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8801
    max_batch: int = 8
    window_ms: int = 10
    max_batch_s: float = 60.0
    max_queued: int = 128
    models_kept: int = 2
    adapters_kept: int = 8
    backend: str = "auto"
    small_model: str = ""
    drain_s: float = 30.0

    def __post_init__(self) -> None:
        if self.backend not in BACKENDS:
            raise ValueError(f"AUSCULT_ENGINE_BACKEND must be one of {', '.join(BACKENDS)}.")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "EngineConfig":
        """Raises ValueError on a number that is none."""
        return cls(
            base_model=environ.get("AUSCULT_BASE_MODEL") or str(_ROOT / "models" / "auscult-base"),
            data_dir=Path(environ.get("AUSCULT_DATA_DIR") or _ROOT / "var"),
            host=environ.get("AUSCULT_ENGINE_HOST", "127.0.0.1"),
            port=int(environ.get("AUSCULT_ENGINE_PORT", "8801")),
            max_batch=int(environ.get("AUSCULT_ENGINE_MAX_BATCH", "8")),
            window_ms=int(environ.get("AUSCULT_ENGINE_WINDOW_MS", "10")),
            max_batch_s=float(environ.get("AUSCULT_ENGINE_MAX_BATCH_S", "60")),
            max_queued=int(environ.get("AUSCULT_ENGINE_MAX_QUEUED", "128")),
            models_kept=int(environ.get("AUSCULT_ENGINE_MODELS", "2")),
            adapters_kept=int(environ.get("AUSCULT_ENGINE_ADAPTERS", "8")),
            backend=environ.get("AUSCULT_ENGINE_BACKEND", "auto"),
            small_model=environ.get("AUSCULT_ENGINE_SMALL_MODEL", ""),
            drain_s=float(environ.get("AUSCULT_ENGINE_DRAIN_S", "30")),
        )

    def allowed(self, ref: str) -> str:
        """`ref` itself when it is the base (also when empty) or an existing folder under the data folder.

        Anything else raises UnknownModelError: a request must not make the engine read other files or a hub.
        """
        if not ref or ref == self.base_model:
            return self.base_model
        is_fake = ref.startswith("fake:") and self.base_model.startswith("fake:")
        if is_fake or ref == self.small_model:
            return ref
        path = Path(ref).resolve()
        if path.is_dir() and path.is_relative_to(self.data_dir.resolve()):
            return ref
        raise UnknownModelError(
            f"There is no model {ref!r} in the data folder, and it is not the base model."
        )

    def allowed_adapter(self, ref: str) -> str:
        """Empty, or the absolute path of a folder under the data folder. Raises UnknownModelError."""
        if not ref:
            return ""
        path = (self.data_dir / ref).resolve()
        if path.is_dir() and path.is_relative_to(self.data_dir.resolve()):
            return str(path)
        raise UnknownModelError(f"There is no adapter {ref!r} in the data folder.")
