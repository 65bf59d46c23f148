"""Rows of training for tests: sets, snapshots, scored models; and a subprocess that only plays its part."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from accounts.models import Site, User
from annotation.models import Term
from base.storage import data_path
from speech import manifest
from speech.audio import write_flac
from speech.manifest import Utterance
from speech.metrics import cer
from speech.text import NORMALISER_VERSION
from tests.factories import make_label, make_model, make_recording, make_segment, make_term
from training.models import (
    DatasetSnapshot,
    Evaluation,
    EvaluationSet,
    Run,
    RunStatus,
    Search,
    SpeechModel,
)
from training.pipeline.folder import write_jsonl
from training.pipeline.search import results
from training.pipeline.search.request import trial_folder
from training.pipeline.search.results import DONE, RESTARTED, RUNNING, STOPPED, Report
from training.services.datasets import evaluation_set_freeze, snapshot_build
from training.services.runs import run_create
from training.services.searches import search_create

_number = count(1)


def make_set(
    kind: str = "medical",
    texts: tuple[str, ...] = ("凍結的句子",),
    speaker: str = "held",
    sound: bool = False,
) -> EvaluationSet:
    """`sound`: a second of a tone each, in place of bytes that only stand for it."""
    number = next(_number)
    root = data_path(f"test-sets/{number}")
    root.mkdir(parents=True, exist_ok=True)
    rows = []
    for index, text in enumerate(texts):
        path = root / f"{index}.flac"
        if sound:
            write_flac(path, (0.2 * np.sin(np.arange(16_000) * 0.05 * (index + 1))).astype(np.float32))
        else:
            path.write_bytes(f"sound {number} {index}".encode())
        rows.append(Utterance(f"{index}.flac", 0, 1000, text, f"{speaker}{number}", f"{number}-{index}"))
    return evaluation_set_freeze(name=f"set {number}", kind=kind, utterances=rows, root=root)


def freeze(snapshot: DatasetSnapshot) -> EvaluationSet:
    """A set with a sentence of the snapshot, frozen after it."""
    return make_set(texts=(manifest.read(data_path(snapshot.manifest_path))[0].text,))


def make_approved(site: Site | None = None, text: str | None = None, speaker: str = "") -> None:
    recording = make_recording(site, audio=True, speaker=speaker)
    make_label(make_segment(recording), text or f"核可的句子 {next(_number)}")


def make_snapshot(site: Site | None = None, user: User | None = None) -> DatasetSnapshot:
    make_approved(site)
    return snapshot_build(user=user, site=site)


def make_run(site: Site | None = None, base: SpeechModel | None = None, **overrides: object) -> Run:
    snapshot = make_snapshot(site)
    return run_create(
        user=None, snapshot=snapshot, base_model=base or make_model(), overrides=overrides, name="a run"
    )


def make_evaluation(
    model: SpeechModel, evaluation_set: EvaluationSet, corpus_cer: float, heard: dict[str, str] | None = None
) -> Evaluation:
    """A score, and a results file with one row where `heard` names what was heard."""
    path = f"test-results/{next(_number)}.jsonl"
    data_path(path).parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {"id": id, "speaker": "s", "reference": "病人服用藥物", "hypothesis": text, "errors": 1, "length": 6}
        | {"rate": 0.0 if text == "病人服用藥物" else 0.5}
        for id, text in (heard or {}).items()
    ]
    data_path(path).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Evaluation.objects.create(
        model=model,
        evaluation_set=evaluation_set,
        corpus_cer=corpus_cer,
        mean_cer=corpus_cer,
        median_cer=corpus_cer,
        mean_cer_trimmed=corpus_cer,
        median_cer_trimmed=corpus_cer,
        interval=[corpus_cer - 0.02, corpus_cer + 0.02],
        utterances=10,
        results_path=path,
        settings={"weights_sha256": model.sha256},
        normaliser_version=NORMALISER_VERSION,
    )


def make_scored(
    model: SpeechModel, evaluation_set: EvaluationSet, heard: dict[str, str], **settings: object
) -> Evaluation:
    """A score as the pipeline makes it: `heard` is the hypothesis by the reference of an utterance."""
    utterances = manifest.read(data_path(evaluation_set.manifest_path))
    rows = []
    for utterance in utterances:
        hypothesis = heard.get(utterance.text, utterance.text)
        count = cer(utterance.text, hypothesis)
        row = {"id": utterance.id, "speaker": utterance.speaker, "reference": utterance.text}
        row |= {"hypothesis": hypothesis, "errors": count.errors, "length": count.reference_length}
        rows.append(row | {"rate": round(count.rate, 5)})
    rates = [row["rate"] for row in rows]
    corpus = sum(row["errors"] for row in rows) / sum(row["length"] for row in rows)
    evaluation = make_evaluation(model, evaluation_set, corpus)
    write_jsonl(data_path(evaluation.results_path), rows)
    evaluation.mean_cer = sum(rates) / len(rates)
    evaluation.settings |= settings
    evaluation.save()
    return evaluation


TEXTS = ("病人服用 Metformin 治療", "有糖尿病史", "主訴胸痛三天", "血壓偏高")
CURVE = [
    {"step": 5 * n, "loss": 3.0 / n, "gradient_norm": 0.4, "learning_rate": 1e-3 / n, "rank_total": 30 - n}
    for n in range(1, 9)
] + [{"step": 40, "dev_loss": 0.9, "dev_cer": 0.2}]


def make_rivals(site: Site | None = None) -> tuple[Run, Run]:
    """Two finished runs from one base, scored on one medical set with sound, with curves.

    The first hears the drug wrong, the second the disease; the base both and more.
    """
    base, medical = make_model(), make_set(texts=TEXTS, sound=True)
    wrong_drug, wrong_disease = {TEXTS[0]: "病人服用 met forming 治療"}, {TEXTS[1]: "有唐尿病史"}
    make_scored(base, medical, {**wrong_drug, **wrong_disease, TEXTS[2]: "主訴"})
    if not Term.objects.filter(site=site, text="Metformin").exists():
        make_term("Metformin", site=site)
    runs = []
    for number, heard in enumerate((wrong_drug, wrong_disease)):
        run = make_run(site, base, target_r=12 - number)
        model = SpeechModel.objects.create(
            name=f"rival {number}", kind="merged", ref=f"fake:{run.uuid}", run=run, parent=base
        )
        make_scored(model, medical, heard, mer=0.1 * (number + 1))
        write_jsonl(data_path(run.folder) / "train" / "curve.jsonl", CURVE)
        Run.objects.filter(pk=run.pk).update(status=RunStatus.DONE, name=f"rival {number}", stage="record")
        run.refresh_from_db()
        runs.append(run)
    return runs[0], runs[1]


def make_search(site: Site | None = None, **values: Any) -> Search:
    return search_create(
        user=None,
        snapshot=make_snapshot(site),
        base_model=make_model(),
        budget={"trials": 4, "steps": 160},
        name="s",
        **values,
    )


def with_reports(search: Search) -> Search:
    """As the search's own process leaves it: 1 leads, 0 and 2 were stopped, 3 is between two rungs."""
    folder = data_path(search.folder)
    folder.mkdir(parents=True, exist_ok=True)
    for report in (
        Report(0, 10, 0.6, 9.0, STOPPED),
        Report(1, 10, 0.5, 9.0, RUNNING),
        Report(1, 10, None, 0.0, RESTARTED),
        Report(1, 160, 0.25, 83.0, DONE),
        Report(2, 10, 0.2, 9.0, STOPPED),
    ):
        results.add(folder, report)
    train = trial_folder(folder, 3) / "train"
    train.mkdir(parents=True)
    (train / "curve.jsonl").write_text(json.dumps({"step": 5, "loss": 2.0}) + "\n")
    Search.objects.filter(pk=search.pk).update(status=RunStatus.RUNNING, stage="search", step=3)
    search.refresh_from_db()
    return search


class PlayedProcess:
    """Says its lines and leaves with its code; `ask_to_stop` ends it early, as SIGTERM would."""

    def __init__(self, lines: list[str], code: int = 0, stopped_code: int = 1) -> None:
        self._lines, self._code, self._stopped_code = lines, code, stopped_code
        self.asked_to_stop = False
        self.ended = False
        self.before_each = lambda: None

    def __call__(self, folder: Path) -> "PlayedProcess":
        self.folder = folder
        return self

    def lines(self, every_s: float) -> Iterator[str | None]:
        for line in self._lines:
            self.before_each()
            if self.asked_to_stop:
                return
            yield line

    def ask_to_stop(self) -> None:
        self.asked_to_stop = True

    def wait(self) -> int:
        return self._stopped_code if self.asked_to_stop else self._code

    def end(self) -> None:
        self.ended = True


def finished_result(
    run: Run, medical: EvaluationSet, corpus: float = 0.2, model: str = ""
) -> dict[str, object]:
    """What the pipeline leaves in result.json."""
    folder = data_path(run.folder)
    score = {
        "set": str(medical.uuid),
        "set_name": medical.name,
        "kind": "medical",
        "corpus": corpus,
        "mean": corpus,
        "median": corpus,
        "mean_trimmed": corpus,
        "median_trimmed": corpus,
        "interval": [corpus - 0.05, corpus + 0.05],
        "utterances": 4,
        "over_one": 0,
        "mer": corpus,
        "latin_heard": 1,
        "latin_said": 2,
        "settings": {"window": "speech", "language": "zh", "max_new_tokens": 200},
        "normaliser_version": NORMALISER_VERSION,
    }
    return {
        "model": model or str(data_path(f"models/{run.uuid}")),
        "model_sha256": "1" * 64,
        "adapter": str(folder / "train" / "adapter"),
        "train": {"trainable_parameters": 1234, "rank_pattern": {"encoder.layers.0.fc1": 3}},
        "evaluate": {
            "variable_window": True,
            "scores": [
                {**score, "subject": "model", "results": str(folder / "evaluate/model.jsonl")},
                {**score, "subject": "base", "corpus": 0.6, "results": str(folder / "evaluate/base.jsonl")},
            ],
        },
    }
