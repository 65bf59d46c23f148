"""Two processes: the same weights and ranks on both, with everything switched on that saves memory."""

import pytest

from tests.training.ranks import prepared, trained_by

pytestmark = pytest.mark.slow

SAVING = {"precision": "bf16", "activation_checkpointing": True, "micro_batch_s": 2.6, "augment": True}
METHODS = {
    "adalora": {},
    "lora": {"method": "lora", "lora_dropout": 0.0},
    "full": {"method": "full", "learning_rate": 1e-3},
}


@pytest.fixture(scope="module")
def ends(tmp_path_factory, tiny_base):
    """Method -> what each process had after 20 steps. One start for all."""
    folder = tmp_path_factory.mktemp("two")
    runs = [prepared(folder / name, tiny_base, **SAVING, **METHODS[name]) for name in METHODS]
    return dict(zip(METHODS, trained_by(2, *runs), strict=True))


@pytest.mark.parametrize("method", METHODS)
def test_both_end_with_the_same_weights_to_the_last_bit(ends, method):
    first, second = ends[method]
    assert len(first["passes"]) == len(second["passes"]) == 20
    assert first["passes"] == second["passes"] and max(first["passes"]) > 1
    assert first["digest"] == second["digest"]


def test_both_prune_the_same_rows(ends):
    first, second = ends["adalora"]
    assert first["pattern"] == second["pattern"] != ""
    assert sum(first["ranks"].values()) == 2 * len(first["ranks"])


@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_searched_for_unused_parameters(ends, method):
    assert [one["find_unused"] for one in ends[method]] == [False, False]
