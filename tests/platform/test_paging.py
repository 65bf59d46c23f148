"""Pages of a list by keyset: every row once, forwards and backwards, while rows come and go."""

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from annotation.models import Recording
from base.paging import Page, page_of
from tests.factories import make_recording, make_site

pytestmark = pytest.mark.django_db
SIZE = 3


@pytest.fixture
def recordings():
    site = make_site()
    return [make_recording(site) for _ in range(8)][::-1]  # as the list shows them, newest first


def asked(**query: object) -> Page[Recording]:
    address = QueryDict(mutable=True)
    address.update({name: str(value) for name, value in query.items()})
    return page_of(Recording.objects.all(), address, SIZE)


def walk_forwards() -> list[Page[Recording]]:
    pages = [asked()]
    while pages[-1].after:
        pages.append(asked(after=pages[-1].after))
    return pages


def test_every_row_stands_on_one_page(recordings):
    pages = walk_forwards()
    assert [len(page) for page in pages] == [3, 3, 2]
    assert [row for page in pages for row in page] == recordings
    assert pages[0].before is None and pages[-1].after is None


def test_the_way_back_leads_over_the_same_pages(recordings):
    first, second, last = walk_forwards()
    assert asked(before=last.before).rows == second.rows
    back = asked(before=asked(before=last.before).before)
    assert (back.rows, back.before, back.after) == (first.rows, None, first.after)


def test_rows_that_come_in_meanwhile_show_no_row_twice(recordings):
    first = asked()
    newest = make_recording(recordings[0].site)
    assert asked(after=first.after).rows == recordings[3:6]
    assert asked().rows[0] == newest


def test_a_page_whose_first_row_is_not_full_begins_at_the_top(recordings):
    """Going back from the second row on would show one row: the first page is shown whole."""
    assert asked(before=recordings[1].uuid).rows == recordings[:3]


@pytest.mark.parametrize("nonsense", ["", "7", "' OR 1=1", "00000000-0000-0000-0000-000000000000"])
def test_an_address_that_leads_nowhere_shows_the_first_page(recordings, nonsense):
    assert asked(after=nonsense).rows == recordings[:3]
    assert asked(before=nonsense).rows == recordings[:3]


def test_what_lies_behind_the_last_row_is_the_first_page_again(recordings):
    assert asked(after=recordings[-1].uuid).rows == recordings[:3]


def test_nothing_is_counted_and_nothing_passed_over(recordings):
    with CaptureQueriesContext(connection) as statements:
        asked(after=asked().after)
    said = " ".join(query["sql"] for query in statements).upper()
    assert "COUNT(" not in said and "OFFSET" not in said
