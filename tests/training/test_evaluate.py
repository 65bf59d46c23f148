"""Scores: on what lies on disk, by one normaliser, with the windows that were proven."""

from dataclasses import replace

import pytest

from speech.manifest import Utterance
from speech.types import Hypothesis
from tests.training.tiny import make_run, make_utterances
from training.pipeline import evaluate
from training.pipeline.config import EvaluationInput, PipelineConfig
from training.pipeline.folder import read_json, read_jsonl, write_json
from training.pipeline.weights import card_of


class Hears:
    """A recogniser that hears `speech` in short windows and `padded` in full ones; remembers its batches."""

    def __init__(self, ref, speech="血壓偏高", padded="血壓偏高"):
        self.ref = str(ref)
        self.heard = {"speech": speech, "padded": padded}
        self.batches = []

    def transcribe(self, batch, options):
        self.batches.append([len(samples) for samples in batch])
        return [Hypothesis(text=self.heard[options.window]) for _ in batch]


@pytest.fixture
def run(tmp_path, tiny_base):
    run = make_run(tmp_path, tiny_base, sets=2, window_proof_utterances=4, eval_batch=2)
    (run.path / "merge/model").mkdir(parents=True)
    write_json(run.path / "merge/model/auscult.json", {"name": "new", "variable_window": True})
    return run


def evaluated(run, monkeypatch, model, base=None):
    loaded = {str(run.path / "merge/model"): model, run.inputs.base_ref: base or Hears(run.inputs.base_ref)}
    monkeypatch.setattr(evaluate.recognizer, "load", lambda ref, backend: loaded[ref])
    return evaluate.run(run)


def test_base_and_model_are_scored_on_every_set(run, monkeypatch):
    model = Hears(run.path / "merge/model", "血壓偏高", "血壓偏高")
    base = Hears(run.inputs.base_ref, "", "")
    result = evaluated(run, monkeypatch, model, base)
    scored = {(score["subject"], score["kind"]): score for score in result["scores"]}
    assert set(scored) == {(s, k) for s in ("model", "base") for k in ("medical", "general")}
    assert scored["base", "medical"]["corpus"] == 1.0 > scored["model", "medical"]["corpus"]
    low, high = scored["model", "medical"]["interval"]
    assert low <= scored["model", "medical"]["corpus"] <= high
    rows = read_jsonl(run.path / "evaluate/model-0.jsonl")
    assert [row["id"] for row in rows] == ["e0-0", "e0-1", "e0-2", "e0-3"]
    assert next(row for row in rows if row["reference"] == "血壓偏高")["rate"] == 0.0


def test_a_base_that_has_its_figures_is_not_decoded_again(run, monkeypatch):
    sets = tuple(
        EvaluationInput(one.id, one.name, one.kind, one.manifest, False) for one in run.inputs.evaluation_sets
    )

    again = replace(run, inputs=replace(run.inputs, evaluation_sets=sets))
    base = Hears(run.inputs.base_ref)
    result = evaluated(again, monkeypatch, Hears(run.path / "merge/model"), base)
    assert {score["subject"] for score in result["scores"]} == {"model"} and not base.batches


def test_short_windows_are_proven_by_decoding_both_ways(run, monkeypatch):
    result = evaluated(run, monkeypatch, Hears(run.path / "merge/model"))
    assert result["variable_window"] and result["window_proof"]["utterances"] == 4
    assert card_of(str(run.path / "merge/model"))["variable_window"]
    assert {score["settings"]["window"] for score in result["scores"]} == {"speech"}


def test_a_model_that_fails_on_short_windows_keeps_full_ones_and_says_so(run, monkeypatch):
    model = Hears(run.path / "merge/model", speech="喂喂喂喂喂喂喂喂", padded="血壓偏高")
    result = evaluated(run, monkeypatch, model)
    assert not result["variable_window"]
    assert result["window_proof"]["cer_speech"] > result["window_proof"]["cer_padded"]
    assert not card_of(str(run.path / "merge/model"))["variable_window"]
    own = [score for score in result["scores"] if score["subject"] == "model"]
    assert {score["settings"]["window"] for score in own} == {"padded"}


def test_what_is_decoded_together_is_of_like_length_and_comes_back_in_order(tmp_path):
    rows = make_utterances(tmp_path, 5)
    model = Hears("x")
    heard = evaluate.decode(
        model, rows[::-1], tmp_path, evaluate.options_of(PipelineConfig(), "padded"), 2, "test"
    )
    assert [one.utterance for one in heard] == rows[::-1]
    lengths = [length for batch in model.batches for length in batch]
    assert lengths == sorted(lengths)


def test_latin_words_are_what_recall_is_counted_over():
    utterance = Utterance("a", 0, 1000, "病人服用 Metformin 與 CT 後 INR 上升", "s", "a")
    heard = evaluate.Heard(utterance, "病人服用 Morphine 與 CT 後 INR 上升")
    assert evaluate.latin_recall(heard) == (1, 2)


def test_without_sets_nothing_is_claimed(tmp_path, tiny_base):
    run = make_run(tmp_path, tiny_base, sets=0)
    assert evaluate.run(run) == {"scores": [], "variable_window": False, "window_proof": {}}
    assert read_json(run.path / "request.json")["inputs"]["evaluation_sets"] == []
