"""The outcome page: filters, what second readings say, lift with its interval, everything as CSV."""

import csv
import io

import pytest
from django.utils import timezone

from accounts.models import Role
from annotation.models import GoldItem, LabelDoubt, Reading, Segment
from annotation.selectors.estimates import lift, trust_of_experts
from annotation.selectors.outcome import Wanted, grouped, outcomes_for_user, together
from tests.factories import Cast, make_hypothesis, make_label, make_recording, make_segment, make_user

pytestmark = pytest.mark.django_db
LOT = [{"code": "random_sample"}]


def corrected(cast: Cast, count: int = 10, *, author=None, by_lot: bool = False, errors: int = 2) -> list:
    """Six characters and one second of sound each, six seconds at work."""
    recording = make_recording(cast.site)
    return [
        make_label(
            make_segment(recording, text="病人頭痛三天", reasons=LOT if by_lot else []),
            "病人頭痛三天",
            author=author or cast.annotator,
            active_edit_ms=6000,
            errors_removed=errors,
        )
        for _ in range(count)
    ]


def second_reading(read, *, errors: int = 1, text_errors: int = 1, **fields) -> Reading:
    values = {
        "segment": read.segment,
        "site": read.segment.site,
        "purpose": "double",
        "label": read,
        "status": "done",
        "done_at": timezone.now(),
        "errors": errors,
        "length": 6,
        "truth_length": 6,
        "draft_errors": 3,
        "text_errors": text_errors,
        **fields,
    }
    values.setdefault("reader", make_user(Role.EXPERT, site=read.segment.site))
    return Reading.objects.create(**values)


def gold_reading(cast: Cast, reader, *, errors: int = 3) -> Reading:
    segment = make_segment(make_recording(cast.site), text="病人頭同三天")
    item = GoldItem.objects.create(
        segment=segment, site=cast.site, text="病人頭痛三天", declared_by=cast.reviewer
    )
    label = make_label(segment, author=cast.reviewer)
    return second_reading(label, purpose="gold", label=None, gold=item, reader=reader, errors=errors)


def test_time_errors_and_rates(cast: Cast) -> None:
    corrected(cast)
    everything = together(outcomes_for_user(cast.reviewer))
    assert (everything.labels, everything.characters) == (10, 60)
    assert everything.active_per_audio == 6.0
    assert everything.errors_per_minute == 20.0
    assert everything.draft_cer == pytest.approx(20 / 60)
    assert (everything.cer_before, everything.cer_after, everything.gold_cer) == (None, None, None)


def test_before_and_after_come_from_texts_that_are_known_for_certain(cast: Cast) -> None:
    for label in corrected(cast)[:4]:
        second_reading(label)
    gold_reading(cast, cast.annotator)
    row = next(one for one in grouped(outcomes_for_user(cast.reviewer), "expert") if one.pairs)
    assert row.expert == cast.annotator.username
    assert (row.pairs, row.disagreement) == (4, pytest.approx(1 / 6))
    assert (row.checked, row.cer_before, row.cer_after) == (5, 0.5, pytest.approx(1 / 6))
    assert (row.golds, row.gold_cer) == (1, 0.5)


def test_a_dispute_that_nobody_has_settled_says_nothing_of_before_and_after(cast: Cast) -> None:
    second_reading(corrected(cast)[0], truth_length=None, draft_errors=None, text_errors=None)
    everything = together(outcomes_for_user(cast.reviewer))
    assert (everything.pairs, everything.checked) == (1, 0)


def test_doubted_labels_are_no_sample(cast: Cast) -> None:
    second_reading(corrected(cast)[0], purpose="doubt")
    assert together(outcomes_for_user(cast.reviewer)).pairs == 0


def test_what_a_reviewer_settled_is_no_experts_work(cast: Cast) -> None:
    label = corrected(cast, 1)[0]
    settled = make_label(label.segment, "病人頭痛", author=cast.reviewer, errors_removed=9)
    second_reading(label, settled_label=settled)
    assert together(outcomes_for_user(cast.reviewer)).labels == 1
    other = make_label(label.segment, "頭痛", author=cast.reviewer)
    heard = make_hypothesis(label.segment, current=False)
    LabelDoubt.objects.create(
        label=settled, site=cast.site, hypothesis=heard, model_ref="m", score=1.0, settled_label=other
    )
    assert together(outcomes_for_user(cast.reviewer)).labels == 1


def test_filters_narrow_everything(cast: Cast) -> None:
    second = make_user(Role.EXPERT, site=cast.site)
    corrected(cast, 3)
    corrected(cast, 2, author=second, by_lot=True)
    for wanted, count in (
        (Wanted(), 5),
        (Wanted(expert=second.username), 2),
        (Wanted(arm="ranked"), 3),
        (Wanted(arm="by_lot", expert=cast.annotator.username), 0),
        (Wanted(site=cast.site.slug), 5),
        (Wanted(site="elsewhere"), 0),
    ):
        assert together(outcomes_for_user(cast.reviewer, wanted)).labels == count


def test_an_expert_sees_their_own_trust_and_nobody_elses(cast: Cast) -> None:
    second = make_user(Role.EXPERT, site=cast.site)
    label = corrected(cast, 1)[0]
    second_reading(label, reader=second)
    gold_reading(cast, second)
    assert [one.expert for one in trust_of_experts(second, Wanted())] == [second.username]
    mine = trust_of_experts(cast.annotator, Wanted())
    assert [one.expert for one in mine] == [cast.annotator.username]
    assert mine[0].disagreement.count == 1 and mine[0].gold is None
    assert len(trust_of_experts(cast.reviewer, Wanted())) == 2
    assert not trust_of_experts(cast.outsider, Wanted())


def test_the_lift_has_an_interval_that_holds_it(cast: Cast) -> None:
    corrected(cast, 30, errors=4)
    corrected(cast, 10, errors=1, by_lot=True)
    corrected(cast, 10, errors=3, by_lot=True)
    found = lift(cast.reviewer, Wanted())
    assert found is not None and found.count == 20
    assert found.value == pytest.approx(2.0)
    assert 1.4 < found.low < 2.0 < found.high < 2.9


def test_without_a_random_arm_there_is_no_lift(cast: Cast) -> None:
    corrected(cast, 20)
    assert lift(cast.reviewer, Wanted()) is None
    corrected(cast, 6, by_lot=True, errors=0)
    assert lift(cast.reviewer, Wanted()) is None


def test_the_page_shows_it_and_the_csv_has_every_column(cast: Cast, client) -> None:
    second_reading(corrected(cast)[0])
    gold_reading(cast, cast.annotator)
    corrected(cast, 6, by_lot=True)
    client.force_login(cast.reviewer)
    page = client.get("/outcome/", {"weeks": 4, "arm": "nonsense", "site": cast.site.slug}).content.decode()
    assert "The last 4 weeks" in page and "known for certain" in page and "drawn by lot" in page
    assert f'href="/outcome.csv?weeks=4&amp;site={cast.site.slug}' in page.replace("&amp;arm=nonsense", "")
    answer = client.get("/outcome.csv", {"arm": "by_lot"}).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(answer)))
    assert {row["arm"] for row in rows} == {"by_lot"}
    assert sum(int(row["labels"]) for row in rows) == 6
    for column in ("pairs", "checked", "cer_before", "cer_after", "disagreement", "gold_cer", "golds"):
        assert column in rows[0]


def test_filters_that_fit_nothing_say_so(cast: Cast, client) -> None:
    corrected(cast, 1)
    Segment.objects.update(reasons=[])
    client.force_login(cast.reviewer)
    assert "Nothing fits these filters." in client.get("/outcome/?arm=by_lot").content.decode()
