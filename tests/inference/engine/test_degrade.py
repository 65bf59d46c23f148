"""Least missed goes first; finals stay whole."""

from inference.engine.degrade import eased, partial_is_due
from speech.recognizer import DecodeOptions


def test_partials_become_rarer_shorter_and_end() -> None:
    due = [partial_is_due(pressure, since_last_s=2.0, duration_s=5) for pressure in range(4)]
    assert due == [True, True, False, False]
    assert [partial_is_due(pressure, since_last_s=9, duration_s=20) for pressure in (1, 2)] == [True, False]


def test_a_final_is_decoded_in_full_under_any_pressure() -> None:
    options = DecodeOptions()
    assert all(eased(options, False, pressure) == options for pressure in range(4))


def test_a_partial_has_no_word_times_and_fewer_tokens() -> None:
    calm, pressed = (eased(DecodeOptions(), True, pressure) for pressure in (0, 2))
    assert not calm.word_times
    assert pressed.max_new_tokens < calm.max_new_tokens
