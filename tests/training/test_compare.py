"""Two runs side by side, the sound behind a score, and what the page of one run draws without any tracker."""

import io
import wave

import pytest
from django.urls import reverse

from accounts.models import Role
from base.storage import data_path
from tests.factories import make_cast, make_site, make_user
from tests.training.rows import TEXTS, make_rivals, make_run, make_set
from tests.training.test_pages import body_of, log_in
from training.pipeline.folder import read_jsonl, write_jsonl
from training.selectors.compare import changes_of, knob_differences, set_comparisons
from training.selectors.confusions import confusions_of
from training.selectors.evaluations import comparisons_of
from training.selectors.terms import lexicon_of_run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def cast():
    return make_cast()


def compared(client, a="", b="", **asked):
    return client.get(
        reverse("run_compare"), {"a": getattr(a, "uuid", a), "b": getattr(b, "uuid", b), **asked}
    )


def audio_of(client, evaluation_set, utterance, **headers):
    address = reverse("evaluation_audio", args=[evaluation_set.uuid])
    return client.get(address, {"utterance": utterance}, headers=headers)


def test_only_the_knobs_that_differ_are_told(cast):
    a, b = make_rivals(cast.site)
    assert [(row.name, row.a, row.b) for row in knob_differences(a, b)] == [("target_r", "12", "11")]
    del a.config["trackers"]  # a run of before that knob
    assert [row.name for row in knob_differences(a, b)] == ["target_r"]
    b.config["trackers"] = ["mlflow"]
    assert ("trackers", "", "mlflow") in [(row.name, row.a, row.b) for row in knob_differences(a, b)]


def test_both_are_compared_on_the_same_utterances(cast):
    (one,) = set_comparisons(*make_rivals(cast.site))
    assert one.change == pytest.approx(one.b.corpus_cer - one.a.corpus_cer)
    low, high = one.interval
    assert low <= one.change <= high and low < high  # a single speaker: utterances are drawn
    assert one.figures[-1][0] == "mer" and one.figures[-1][3] == pytest.approx(0.1)


def test_the_worst_come_first_and_what_is_heard_alike_is_left_out(cast):
    a, b = make_rivals(cast.site)
    worse, better = changes_of(set_comparisons(a, b))
    assert [row.a["reference"] for row in worse] == [TEXTS[1]]
    assert [row.a["reference"] for row in better] == [TEXTS[0]]
    assert worse[0].change > 0 > better[0].change
    assert changes_of(set_comparisons(b, a))[0][0].id == better[0].id


def test_the_page_shows_knobs_figures_and_utterances_with_their_sound(client, cast):
    a, b = make_rivals(cast.site)
    log_in(client, cast.engineer)
    page = body_of(compared(client, a, b))
    for words in ("target_r", "No difference beyond chance", "B hears 1 worse, 1 better, 2 alike."):
        assert words in page
    assert '<del title="not heard">糖</del><ins title="heard instead">唐</ins>' in page
    assert page.index("有糖尿病史") < page.index("服用 Metformin")
    assert page.count("<audio") == 2 and page.count("<svg") == 1
    assert f'<option value="{a.uuid}" selected>' in page


def test_changed_utterances_are_shown_page_by_page(client, cast, monkeypatch):
    monkeypatch.setattr("training.views.compare.PAGE_SIZE", 1)
    a, b = make_rivals(cast.site)
    log_in(client, cast.engineer)
    first, second = body_of(compared(client, a, b)), body_of(compared(client, a, b, **{"from": 1}))
    assert 'rel="next"' in first and 'rel="prev"' not in first
    assert 'rel="prev"' in second and 'rel="next"' not in second
    assert ">better<" in second and ">worse<" not in second
    for odd in ("99", "-1", "x"):
        assert body_of(compared(client, a, b, **{"from": odd})).count("<audio") == 1


def test_what_cannot_be_compared_is_said_in_a_sentence(client, cast):
    a, _ = make_rivals(cast.site)
    log_in(client, cast.engineer)
    assert "Choose two runs:" in body_of(compared(client))
    assert "Choose two different runs." in body_of(compared(client, a, a))
    assert "has made no model (queued)" in body_of(compared(client, a, make_run(cast.site)))
    other, _ = make_rivals(cast.site)
    assert "share no evaluation set" in body_of(compared(client, a, other))


def test_scores_by_another_normaliser_are_not_compared(cast):
    a, b = make_rivals(cast.site)
    b.produced.evaluations.update(normaliser_version="another")
    assert set_comparisons(a, b) == []


def test_without_the_results_by_utterance_the_figures_remain(client, cast):
    a, b = make_rivals(cast.site)
    (one,) = set_comparisons(a, b)
    data_path(one.a.results_path).unlink()
    log_in(client, cast.engineer)
    page = body_of(compared(client, a, b))
    assert "not there any more" in page and "No utterance is heard differently." in page


def test_whole_speakers_are_drawn_where_there_are_several(cast):
    a, b = make_rivals(cast.site)
    (one,) = set_comparisons(a, b)
    for evaluation in (one.a, one.b):
        path = data_path(evaluation.results_path)
        rows = [{**row, "speaker": str(number % 2)} for number, row in enumerate(read_jsonl(path))]
        write_jsonl(path, rows)
    (again,) = set_comparisons(a, b)
    assert again.interval != one.interval


def test_runs_of_other_sites_and_other_people_are_refused(client, cast):
    a, b = make_rivals(cast.site)
    theirs, _ = make_rivals(make_site())
    log_in(client, make_user(Role.ENGINEER, site=cast.site))
    assert compared(client, a, theirs).status_code == 404
    assert compared(client, a, "no-uuid").status_code == 404
    assert str(theirs.uuid) not in body_of(compared(client, a, b))
    for user in (cast.annotator, cast.reviewer, cast.clinician, cast.outsider):
        log_in(client, user)
        assert compared(client, a, b).status_code in (403, 404)


def test_the_sound_of_an_utterance_can_be_played_in_parts(client, cast):
    evaluation_set = make_set(texts=TEXTS, sound=True)
    id = read_jsonl(data_path(evaluation_set.manifest_path))[2]["id"]
    log_in(client, cast.engineer)
    whole = audio_of(client, evaluation_set, id)
    with wave.open(io.BytesIO(whole.content)) as sound:
        assert (sound.getframerate(), sound.getnframes()) == (16_000, 16_000)
    assert "private" in whole["Cache-Control"]
    part = audio_of(client, evaluation_set, id, range="bytes=10-19")
    assert part.status_code == 206 and part.content == whole.content[10:20]


def test_the_sound_of_an_evaluation_set_is_for_those_who_train(client, cast):
    evaluation_set = make_set(texts=TEXTS, sound=True)
    id = read_jsonl(data_path(evaluation_set.manifest_path))[0]["id"]
    assert audio_of(client, evaluation_set, id).status_code == 302
    for user in (cast.annotator, cast.reviewer, cast.clinician):
        log_in(client, user)
        assert audio_of(client, evaluation_set, id).status_code == 404
    log_in(client, cast.engineer)
    assert audio_of(client, evaluation_set, "../../db.sqlite3").status_code == 404
    broken = make_set()
    id = read_jsonl(data_path(broken.manifest_path))[0]["id"]
    assert audio_of(client, broken, id).status_code == 404


def test_confusions_are_counted_before_and_after(cast):
    a, b = make_rivals(cast.site)
    (of_a,) = confusions_of(lexicon_of_run(a), comparisons_of(a))
    assert (of_a.term, of_a.heard, of_a.before, of_a.after) == ("Metformin", "met forming", 1, 1)
    (of_b,) = confusions_of(lexicon_of_run(b), comparisons_of(b))
    assert of_b.after == 0


def test_a_run_draws_its_curves_its_confusions_and_what_more_data_brought(client, cast):
    _, run = make_rivals(cast.site)
    log_in(client, cast.engineer)
    page = body_of(client.get(reverse("run_detail", args=[run.uuid])))
    for title in ("CER, held out", "Learning rate", "Gradient norm", "Total rank", "met forming", "gone"):
        assert title in page
    assert "What more corrections bring" in page  # the second snapshot has one utterance more
    titles = [part.split("<")[0] for part in page.split("<title>")[2:]]
    assert "learning rate" in titles and any(
        "in per cent by utterances trained on" in title for title in titles
    )


def test_the_list_offers_a_comparison_once_there_are_two(client, cast):
    log_in(client, cast.engineer)
    make_run(cast.site)
    assert "Compare two runs" not in body_of(client.get(reverse("run_list")))
    make_run(cast.site)
    assert "Compare two runs" in body_of(client.get(reverse("run_list")))
