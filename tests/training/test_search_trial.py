"""One trial without Ray: judged at its rungs, its schedule that of the whole budget, resumed to the bit."""

import json

import pytest

from speech.metrics import ErrorCount
from tests.training.studies import make_search
from training.pipeline.folder import RunFolder
from training.pipeline.normalize import EmptyDatasetError
from training.pipeline.processes import StopFlag
from training.pipeline.search import results
from training.pipeline.search.base import evaluation_set, prepared
from training.pipeline.search.request import SearchRequest, trial_folder
from training.pipeline.search.trial import bounded, run_trial


class Died(Exception):
    pass


def prepared_search(folder, base, **values):
    path = make_search(folder, base, **values)
    prepared(path, SearchRequest.read(path), StopFlag())
    return path


def curve(folder, number):
    lines = (trial_folder(folder, number) / "train" / "curve.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_a_trial_is_judged_at_every_rung(tiny_base, tmp_path):
    folder = prepared_search(tmp_path, tiny_base)
    told = []
    run_trial(folder, 1, lambda step, cer, loss, seconds: told.append((step, cer)))
    assert [step for step, _ in told] == [3, 9, 27]
    assert all(0 <= cer <= 1 for _, cer in told)
    assert RunFolder.open(trial_folder(folder, 1)).config.max_steps == 27


def test_a_trial_that_stops_at_a_rung_is_what_a_whole_run_is_there(tiny_base, tmp_path):
    """The schedules do not know of rungs: the losses and the rates of the first steps are the same."""
    folder = prepared_search(tmp_path, tiny_base, overrides={"log_every_steps": 1})

    def stopped(step, cer, loss, seconds):
        if step == 9:
            raise Died

    with pytest.raises(Died):
        run_trial(folder, 1, stopped)
    short = curve(folder, 1)
    other = prepared_search(tmp_path / "other", tiny_base, overrides={"log_every_steps": 1})
    run_trial(other, 1, lambda *_: None)
    assert short == curve(other, 1)[:9]


def test_a_trial_that_died_goes_on_to_the_same_end(tiny_base, tmp_path):
    folder = prepared_search(tmp_path, tiny_base)

    def dies(step, cer, loss, seconds):
        if step == 9:
            raise Died
        results.add(folder, results.Report(0, step, cer, seconds, results.RUNNING))

    with pytest.raises(Died):
        run_trial(folder, 0, dies)
    told = []
    run_trial(folder, 0, lambda step, cer, loss, seconds: told.append((step, cer)))
    assert [step for step, _ in told] == [9, 27]  # what was reported is not judged again
    other = prepared_search(tmp_path / "other", tiny_base)
    whole = []
    run_trial(other, 0, lambda step, cer, loss, seconds: whole.append((step, cer)))
    assert told == whole[1:]
    assert curve(folder, 0) == curve(other, 0)


def test_trials_share_what_was_prepared_and_are_judged_on_the_same_held_out_speakers(tiny_base, tmp_path):
    folder = prepared_search(tmp_path, tiny_base)
    run_trial(folder, 0, lambda *_: None)
    link = trial_folder(folder, 0) / "prepare"
    assert link.is_symlink() and link.resolve() == (folder / "base" / "prepare").resolve()
    base = RunFolder.open(folder / "base")
    held_out = {one.speaker for one in evaluation_set(base)}
    trained = json.loads((folder / "base/prepare/train.json").read_text())["cuts"]
    assert held_out and trained
    first = (folder / "base" / "evaluation.jsonl").read_bytes()
    prepared(folder, SearchRequest.read(folder), StopFlag())
    assert (folder / "base" / "evaluation.jsonl").read_bytes() == first


def test_a_search_without_a_speaker_to_spare_says_so(tiny_base, tmp_path, monkeypatch):
    monkeypatch.setattr("training.pipeline.search.base.split", lambda own, share, seed: (own, []))
    with pytest.raises(EmptyDatasetError, match="second speaker"):
        prepared_search(tmp_path, tiny_base)


def test_the_best_is_the_lowest_of_those_that_came_furthest():
    rows = [(0, 3, 0.1, "stopped"), (1, 3, 0.5, "running"), (1, 27, 0.4, "done"), (2, 27, 0.3, "done")]
    best = results.best([results.Report(trial, step, cer, 1.0, state) for trial, step, cer, state in rows])
    assert best is not None and best.trial == 2
    assert results.best([]) is None


def test_the_loss_decides_between_trials_of_the_same_cer():
    pair = [results.Report(0, 9, 0.5, 1.0, "done", 2.1), results.Report(1, 9, 0.5, 1.0, "done", 1.9)]
    worse = results.Report(2, 9, 0.501, 1.0, "done", 0.0)
    best = results.best([*pair, worse])
    assert best is not None and best.trial == 1


def test_a_line_that_was_cut_off_is_left_out(tmp_path):
    results.add(tmp_path, results.Report(0, 3, 0.5, 1.0, results.RUNNING))
    with (tmp_path / "results.jsonl").open("a") as stream:
        stream.write('{"trial": 1, "st')
    assert [one.trial for one in results.read(tmp_path)] == [0]


def test_an_utterance_in_circles_counts_as_one_that_was_not_heard():
    assert bounded(ErrorCount(2, 1, 400, 10)).errors == bounded(ErrorCount(0, 10, 0, 10)).errors == 10
    assert bounded(ErrorCount(1, 2, 3, 10)) == ErrorCount(1, 2, 3, 10)
