"""A site's terms: who sees them, and the lexicon that every process keeps of them."""

import pytest

from accounts.models import Role
from annotation.models import LexiconRevision, Term
from annotation.selectors import terms
from annotation.selectors.terms import lexicon_of, terms_for_user
from tests.factories import make_label, make_recording, make_segment, make_site, make_term, make_user

pytestmark = pytest.mark.django_db


def test_a_person_sees_the_terms_of_their_own_sites(cast):
    mine, other = make_term("Metformin", site=cast.site), make_term("Warfarin")
    assert list(terms_for_user(cast.annotator)) == [mine]
    assert list(terms_for_user(cast.engineer)) == [mine]
    assert list(terms_for_user(cast.clinician)) == []
    assert other not in terms_for_user(cast.reviewer)
    assert list(terms_for_user(cast.engineer, Role.REVIEWER)) == []


def test_a_lexicon_finds_terms_by_every_name_and_leaves_out_what_is_switched_off(cast):
    make_term("Metformin", site=cast.site, aliases=["二甲雙胍"], kind="drug")
    make_term("Warfarin", site=cast.site, active=False)
    make_term("Aspirin")
    found = lexicon_of(cast.site.pk).find("服用二甲雙胍 和 warfarin 還有 aspirin")
    assert [(term.text, term.kind) for term in found] == [("Metformin", "drug")]


def test_a_lexicon_is_read_once_and_again_after_a_change(cast, django_assert_num_queries):
    term = make_term("Metformin", site=cast.site)
    lexicon = lexicon_of(cast.site.pk)
    with django_assert_num_queries(1):
        assert lexicon_of(cast.site.pk) is lexicon
    term.active = False
    term.save()
    assert lexicon_of(cast.site.pk).terms == ()


def test_a_change_by_another_process_is_seen(cast):
    make_term("Metformin", site=cast.site)
    lexicon_of(cast.site.pk)
    # As another process leaves it: rows and a new token, no word to this one.
    Term.objects.filter(site=cast.site).update(text="Metformin XR")
    LexiconRevision.renew(cast.site.pk)
    assert [term.text for term in lexicon_of(cast.site.pk).terms] == ["Metformin XR"]


def test_a_site_without_terms_has_an_empty_lexicon(db):
    assert lexicon_of(make_site().pk).terms == ()


def test_only_so_many_lexicons_are_kept(db, monkeypatch):
    monkeypatch.setattr(terms, "_SITES_KEPT", 2)
    monkeypatch.setattr(terms, "_kept", {})
    sites = [make_term(f"Term {n}").site for n in range(3)]
    for site in sites:
        lexicon_of(site.pk)
    assert list(terms._kept) == [site.pk for site in sites[1:]]


def test_an_expert_of_nowhere_sees_nothing(db):
    make_term("Metformin")
    assert not terms_for_user(make_user()).exists()


def test_a_recogniser_is_told_first_what_was_said_lately(cast):
    for text in ("Aspirin", "Bisoprolol", "Colchicine"):
        make_term(text, site=cast.site)
    for text in ("給 colchicine", "給 colchicine 和 aspirin"):
        make_label(make_segment(make_recording(cast.site)), text)
    assert terms.terms_to_tell(cast.site.pk, 2) == ("Aspirin", "Colchicine")
    assert terms.terms_to_tell(cast.site.pk, 9) == ("Bisoprolol", "Aspirin", "Colchicine")
    assert terms.terms_to_tell(cast.site.pk, 0) == ()
