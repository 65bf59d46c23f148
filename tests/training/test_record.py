"""One row a run, one folder a model: safe to do twice."""

import csv

from training.pipeline.record import append_row, publish, versions
from training.pipeline.weights import sha256_of_weights


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_one_row_a_run_with_columns_that_may_grow(tmp_path):
    path = tmp_path / "runs.csv"
    append_row(path, {"run": "a", "cer": 0.5})
    append_row(path, {"run": "b", "cer": 0.4, "name": '逗號,引號"'})
    append_row(path, {"run": "a", "cer": 0.3})
    assert rows_of(path) == [
        {"run": "b", "cer": "0.4", "name": '逗號,引號"'},
        {"run": "a", "cer": "0.3", "name": ""},
    ]
    assert {file.name for file in tmp_path.iterdir()} == {"runs.csv", "runs.lock"}


def test_a_model_moves_to_the_address_of_its_weights_once(tmp_path):
    model = tmp_path / "merge" / "model"
    model.mkdir(parents=True)
    (model / "model.safetensors").write_bytes(b"weights")
    digest = sha256_of_weights(model)
    target = publish(model, tmp_path / "models")
    assert target == tmp_path / "models" / digest[:16]
    assert (target / "model.safetensors").read_bytes() == b"weights" and not model.exists()
    assert publish(model, tmp_path / "models") == target  # the stage was cut short after the move


def test_the_hash_is_of_all_weights_in_order(tmp_path):
    (tmp_path / "model-00002.safetensors").write_bytes(b"b")
    (tmp_path / "model-00001.safetensors").write_bytes(b"a")
    one = sha256_of_weights(tmp_path)
    (tmp_path / "model-00002.safetensors").write_bytes(b"c")
    assert len(one) == 64 and sha256_of_weights(tmp_path) != one
    assert sha256_of_weights(tmp_path / "nothing here") == ""


def test_the_versions_that_made_a_run_are_kept():
    import torch

    found = versions()
    assert found["torch"] == torch.__version__ and found["python"].startswith("3.")
    assert "peft" in found and "no such package" not in found
