"""What holds for every test."""

from collections.abc import Iterator

import hypothesis
import pytest
from django.conf import settings
from django.utils import translation

# How long an example takes says how busy the machine is, not whether the code is right.
hypothesis.settings.register_profile(
    "auscult", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("auscult")
ALONE = {"sdks"}  # folders whose tests start web, engine and a vendor's client in an environment of its own
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--only-database", action="store_true", help="only tests that touch the database")


@pytest.hookimpl(tryfirst=True)  # before pytest looks at the marks that were asked for
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name in ALONE:
            item.add_marker(pytest.mark.alone)
    if not config.getoption("--only-database"):
        return
    own = [item for item in items if touches_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in own])
    items[:] = own


def touches_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(fixtures & DATABASE_FIXTURES)


@pytest.fixture(autouse=True)
def one_language() -> Iterator[None]:
    """A request leaves its language active in the thread: the next test starts in the suite's own."""
    with translation.override(settings.LANGUAGE_CODE):
        yield
