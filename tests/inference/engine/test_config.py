"""What the engine is told by its environment."""

import re
from pathlib import Path

import pytest

from inference.engine import config
from inference.engine.config import EngineConfig, UnknownModelError


def test_every_variable_of_the_engine_is_documented() -> None:
    names = set(re.findall(r'"(AUSCULT_[A-Z_]+)"', Path(config.__file__).read_text(encoding="utf-8")))
    documented = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
    assert "AUSCULT_ENGINE_BACKEND" in names
    assert not {name for name in names if f"`{name}`" not in documented}


@pytest.mark.parametrize(
    ("name", "value"), [("AUSCULT_ENGINE_BACKEND", "onnx"), ("AUSCULT_ENGINE_MAX_BATCH", "many")]
)
def test_a_bad_value_stops_the_engine(name: str, value: str) -> None:
    with pytest.raises(ValueError):
        EngineConfig.from_environment({name: value})


def test_only_models_and_adapters_of_the_data_folder_are_read(tmp_path: Path) -> None:
    (tmp_path / "models" / "a").mkdir(parents=True)
    told = EngineConfig("someone/base", tmp_path, small_model="someone/small")
    assert told.allowed(str(tmp_path / "models" / "a"))
    assert [told.allowed(ref) for ref in ("", "someone/base", "someone/small")] == [
        "someone/base",
        "someone/base",
        "someone/small",
    ]
    assert told.allowed_adapter("models/a") == str(tmp_path / "models" / "a")
    for ref in ("/etc", "someone/else", "fake:x"):
        with pytest.raises(UnknownModelError):
            told.allowed(ref)
    for ref in ("/etc", "..", "models/b"):
        with pytest.raises(UnknownModelError):
            told.allowed_adapter(ref)
