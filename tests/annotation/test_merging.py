"""Three-way merging: lossless whatever the texts are, and never a text that nobody meant."""

from hypothesis import given
from hypothesis import strategies as st

from annotation.texts.merging import Merged, three_way

TEXT = st.text(alphabet="病人服用 Metformin,500。x", max_size=30)
WORDS = [chr(0x4E00 + at) for at in range(40)]  # all different, so that an edit can be found in one way only


def taken(pieces: list[Merged]) -> str:
    """The merged text where nothing is left to decide."""
    assert all(piece.kind != "conflict" for piece in pieces), pieces
    return "".join(piece.theirs if piece.kind == "theirs" else piece.mine for piece in pieces)


@given(TEXT, TEXT, TEXT)
def test_nothing_that_anybody_typed_disappears(base, mine, theirs):
    pieces = three_way(base, mine, theirs)
    assert "".join(piece.base for piece in pieces) == base
    assert "".join(piece.mine for piece in pieces) == mine
    assert "".join(piece.theirs for piece in pieces) == theirs
    for piece in pieces:
        assert piece.both.startswith(piece.mine) and piece.both.endswith(piece.theirs)


@given(TEXT, TEXT)
def test_beside_an_unchanged_side_the_other_one_is_taken(base, changed):
    assert taken(three_way(base, changed, base)) == changed
    assert taken(three_way(base, base, changed)) == changed


@given(TEXT, TEXT)
def test_two_who_wrote_the_same_are_in_no_conflict(base, changed):
    assert taken(three_way(base, changed, changed)) == changed


@given(TEXT, TEXT, TEXT)
def test_it_is_the_same_from_either_side(base, mine, theirs):
    turned = [Merged(piece.base, piece.theirs, piece.mine) for piece in three_way(base, theirs, mine)]
    assert turned == three_way(base, mine, theirs)


EDITS = st.lists(st.sampled_from(["keep", "甲", "乙丙", "drop"]), min_size=12, max_size=12)


@given(EDITS, EDITS, st.lists(st.booleans(), min_size=12, max_size=12))
def test_edits_with_a_word_between_them_are_both_taken(my_edits, their_edits, is_mine):
    """At every third word one of the two has changed something; the words between are as they were."""
    mine, theirs, merged = WORDS[:36], WORDS[:36], WORDS[:36]
    for at, (my_edit, their_edit, own) in enumerate(zip(my_edits, their_edits, is_mine, strict=True)):
        edit = my_edit if own else their_edit
        if edit != "keep":
            text = "" if edit == "drop" else edit
            (mine if own else theirs)[3 * at] = merged[3 * at] = text
    assert taken(three_way("".join(WORDS[:36]), "".join(mine), "".join(theirs))) == "".join(merged)


def test_only_what_both_changed_is_a_conflict():
    pieces = three_way(
        "病人服用 met forming 五百毫克", "病患服用 Metformin 五百毫克", "病人服用 metformin 500毫克"
    )
    assert [(piece.mine, piece.theirs, piece.kind) for piece in pieces] == [
        ("病", "病", "same"),
        ("患", "人", "mine"),
        ("服用 ", "服用 ", "same"),
        ("Metformin 五百", "metformin 500", "conflict"),
        ("毫克", "毫克", "same"),
    ]


def test_a_dose_that_nobody_meant_is_never_put_together():
    assert [piece.kind for piece in three_way("5 mg", "50 mg", "5 g")] == ["conflict"]


def test_both_keeps_two_words_apart():
    assert Merged("a", "Metformin", "Glucophage").both == "Metformin Glucophage"
    assert Merged("", "服用", "每日").both == "服用每日"
