"""Terms are added, changed and switched off; lists are merged, and nothing that is there gets lost."""

import pytest

from accounts.models import Role
from annotation.models import Term
from annotation.selectors.terms import lexicon_of, suggester_of
from annotation.services.term_imports import Fate, term_rows, terms_import, terms_preview
from annotation.services.terms import term_add, term_change, term_switch
from annotation.texts.term_files import TermRow, read_term_file, write_term_file
from audit.models import Entry
from base.errors import Conflict, DomainError, Forbidden
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def add(cast, text="Metformin", **fields):
    return term_add(user=cast.annotator, site=cast.site, text=text, **fields)


def test_an_expert_adds_a_term_and_gets_its_pinyin(cast):
    term = add(cast, "  Metformin ", aliases="二甲雙胍 | Glucophage|metformin", kind="drug")
    assert (term.text, term.aliases, term.pinyin) == (
        "Metformin",
        ["二甲雙胍", "Glucophage"],
        "èr jiǎ shuāng guā",
    )
    assert [one.text for one in suggester_of(cast.site.pk).find("ejsg")] == ["二甲雙胍"]
    assert Entry.objects.get(verb="term_added").actor == cast.annotator


def test_a_reading_that_a_person_wrote_is_kept(cast):
    assert add(cast, "重複", pinyin="zhong4 fu4").pinyin == "zhong4 fu4"
    assert [one.text for one in suggester_of(cast.site.pk).find("zhongfu")] == ["重複"]


@pytest.mark.parametrize(
    ("text", "fields", "code"),
    [
        ("  ", {}, "no_text"),
        ("...", {}, "no_letters"),
        ("=SUM(A1)", {}, "starts_with_sign"),
        ("a" * 121, {}, "too_long"),
        ("Metformin", {"aliases": "|".join(f"alias {n}" for n in range(21))}, "too_many_aliases"),
        ("Metformin", {"pinyin": "1234"}, "no_pinyin"),
    ],
)
def test_a_term_that_cannot_be_used_is_refused_with_a_sentence(cast, text, fields, code):
    with pytest.raises(DomainError) as refused:
        add(cast, text, **fields)
    assert refused.value.code == code
    assert refused.value.message.endswith(".")
    assert not Term.objects.exists()


def test_the_same_term_is_not_added_twice_whatever_its_spelling(cast):
    add(cast, "Metformin")
    with pytest.raises(Conflict, match="Metformin"):
        add(cast, "METFORMIN ")


def test_who_only_listens_adds_nothing(cast):
    for user in (cast.engineer, cast.clinician, cast.outsider):
        with pytest.raises(Forbidden):
            term_add(user=user, site=cast.site, text="Metformin")


def test_an_expert_changes_their_own_term_and_a_reviewer_everybodys(cast):
    term = add(cast)
    other = make_user(Role.EXPERT, site=cast.site)
    values = {"aliases": "", "pinyin": "", "kind": "drug"}
    with pytest.raises(Forbidden):
        term_change(user=other, term=term, text="Metformin XR", **values)
    term_change(user=cast.annotator, term=term, text="Metformin SR", **values)
    term_change(user=cast.reviewer, term=term, text="Metformin XR", **values)
    assert Entry.objects.filter(verb="term_changed").first().detail["before"]["text"] == "Metformin SR"


def test_pinyin_that_was_worked_out_follows_the_text(cast):
    term = add(cast, "血壓")
    term_change(user=cast.annotator, term=term, text="血糖", aliases="", pinyin=term.pinyin, kind="other")
    assert term.pinyin == "xuè táng"


def test_a_term_cannot_take_the_name_of_another(cast):
    add(cast, "Aspirin")
    term = add(cast)
    with pytest.raises(Conflict):
        term_change(user=cast.annotator, term=term, text="aspirin", aliases="", pinyin="", kind="drug")
    term.refresh_from_db()
    assert term.text == "Metformin"


def test_a_term_that_is_switched_off_is_found_no_more_and_can_come_back(cast):
    term = add(cast)
    term_switch(user=cast.reviewer, term=term, active=False)
    assert lexicon_of(cast.site.pk).terms == ()
    with pytest.raises(Conflict) as refused:
        add(cast)
    assert refused.value.code == "term_switched_off"
    term_switch(user=cast.reviewer, term=term, active=True)
    assert len(lexicon_of(cast.site.pk).terms) == 1


def test_a_preview_changes_nothing_and_says_what_the_import_then_does(cast):
    add(cast, aliases="Glucophage")
    rows = [
        TermRow(2, "metformin", ("二甲雙胍",), kind="drug"),
        TermRow(3, "Aspirin"),
        TermRow(4, "", problem="no_text"),
        TermRow(5, "ASPIRIN", ("阿斯匹靈",)),
        TermRow(6, "Aspirin"),
    ]
    fates = [Fate.CHANGED, Fate.NEW, Fate.REFUSED, Fate.CHANGED, Fate.CHANGED]
    looked = terms_preview(user=cast.reviewer, site=cast.site, rows=rows)
    assert [result.fate for result in looked.results] == fates
    assert Term.objects.get().aliases == ["Glucophage"]

    done = terms_import(user=cast.reviewer, site=cast.site, rows=rows)
    assert [result.fate for result in done.results] == fates
    assert done.results[0].changes == ("aliases", "kind", "spelling")
    merged = Term.objects.get(key="metformin")
    assert (merged.aliases, merged.kind) == (["Glucophage", "二甲雙胍"], "drug")
    assert Term.objects.get(key="aspirin").aliases == ["阿斯匹靈"]
    assert len(lexicon_of(cast.site.pk).terms) == 2


def test_what_is_exported_imports_again_to_the_same(cast):
    add(cast, aliases='二甲雙胍|a "quoted", one', kind="drug")
    term_switch(user=cast.annotator, term=add(cast, "銀行，外匯", pinyin="yin2 hang2"), active=False)
    stored = list(
        Term.objects.order_by("key").values("text", "aliases", "pinyin", "kind", "active", "search")
    )
    rows, _ = read_term_file(write_term_file(term_rows(Term.objects.all())).encode())
    again = terms_import(user=cast.reviewer, site=cast.site, rows=rows)
    assert {result.fate for result in again.results} == {Fate.SAME}
    Term.objects.all().delete()
    terms_import(user=cast.reviewer, site=cast.site, rows=rows)
    assert (
        list(Term.objects.order_by("key").values("text", "aliases", "pinyin", "kind", "active", "search"))
        == stored
    )


def test_an_expert_does_not_import(cast):
    with pytest.raises(Forbidden):
        terms_import(user=cast.annotator, site=cast.site, rows=[TermRow(2, "Aspirin")])


def test_thousands_of_rows_go_in_at_once(cast, django_assert_max_num_queries):
    rows = [TermRow(n, f"Term {n} 藥物", kind="drug") for n in range(3000)]
    with django_assert_max_num_queries(60):
        terms_import(user=cast.reviewer, site=cast.site, rows=rows)
    assert Term.objects.count() == 3000
