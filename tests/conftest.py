"""What holds for every test."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.utils import translation


@pytest.fixture(autouse=True)
def one_language() -> Iterator[None]:
    """A request leaves its language active in the thread: the next test starts in the suite's own."""
    with translation.override(settings.LANGUAGE_CODE):
        yield
