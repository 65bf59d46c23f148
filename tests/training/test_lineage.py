"""A run starts from what its model is made of."""

import pytest

from base.storage import data_path
from tests.factories import make_model
from tests.training.rows import make_run
from training.models import SpeechModel, SpeechModelKind
from training.selectors.lineage import ancestors, what_it_starts_from
from training.services.execution import inputs_of

pytestmark = pytest.mark.django_db


def taught(parent, name, adapter=True):
    path = f"lineage/{name}"
    if adapter:
        data_path(path).mkdir(parents=True, exist_ok=True)
    return SpeechModel.objects.create(
        name=name, kind=SpeechModelKind.MERGED, ref=f"/models/{name}", parent=parent, adapter_path=path
    )


def test_a_base_is_started_from_as_it_is():
    run = make_run()
    inputs = inputs_of(run)
    assert inputs.weights_ref == inputs.base_ref == run.base_model.ref
    assert inputs.earlier_adapters == ()


def test_a_tuned_model_is_started_from_as_its_base_and_its_adapters_the_oldest_first():
    base = make_model()
    first = taught(base, "first")
    second = taught(first, "second")
    inputs = inputs_of(make_run(base=second))
    assert (inputs.base_ref, inputs.weights_ref) == (second.ref, base.ref)
    assert inputs.earlier_adapters == tuple(str(data_path(one.adapter_path)) for one in (first, second))
    assert ancestors(second) == [base, first, second]


def test_an_adapter_that_is_gone_is_not_needed():
    base = make_model()
    lost = taught(base, "lost", adapter=False)
    second = taught(lost, "after the loss")
    assert what_it_starts_from(second) == (lost.ref, (second.adapter_path,))
