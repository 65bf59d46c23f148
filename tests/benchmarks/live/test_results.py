"""Which load is tried next, and how many people a server is said to serve."""

from dataclasses import replace

import pytest

from benchmarks.live.measure import Measured
from benchmarks.live.report import emit_ratios
from benchmarks.live.results import Results, Row, most_clients, next_load, row

PLANNED = (1, 2, 4, 8, 16, 32)


def row_of(server: str, clients: int, serves: bool = True) -> Row:
    measured = Measured(final_ms=[400.0 if serves else 3000.0], audio_ms=1000)
    return row(server, clients, True, measured, 0.0, {"web": 0.1}, ({"web": 1.0}, {"web": 1.0}))


def rows_of(server: str, serves_up_to: int, *loads: int) -> list[Row]:
    return [row_of(server, clients, clients <= serves_up_to) for clients in loads]


def test_what_was_late_lost_or_refused_is_not_served():
    good = row_of("a", 1)
    assert good.serves
    for bad in (
        replace(good, final_latency_ms_p95=2001.0),
        replace(good, final_latency_ms_p95=None),
        replace(good, lost_audio_ms=1),
        replace(good, unfinished=1),
        replace(good, declined=1),
        replace(good, problems=["full"]),
    ):
        assert not bad.serves


def test_one_load_that_fails_ends_the_count():
    rows = [row_of("a", 1), row_of("a", 2, serves=False), row_of("a", 4), row_of("b", 8)]
    assert most_clients(rows, "a") == 1
    assert most_clients(rows, "nobody") == 0


def test_planned_loads_come_first_then_halves():
    assert next_load([], "a", PLANNED, 16) == 1
    assert next_load(rows_of("a", 4, 1, 2, 4, 8), "a", PLANNED, 16) == 16
    # 32 is not tried by one that did not serve 8
    assert next_load(rows_of("a", 4, 1, 2, 4, 8, 16), "a", PLANNED, 16) == 6
    assert next_load(rows_of("a", 6, 1, 2, 4, 6, 8, 16), "a", PLANNED, 16) == 7
    assert next_load(rows_of("a", 6, 1, 2, 4, 6, 7, 8, 16), "a", PLANNED, 16) is None
    assert next_load(rows_of("a", 99, *PLANNED), "a", PLANNED, 16) is None


@pytest.mark.parametrize(
    ("peer", "locked", "ratio", "holds"), [(4, 2, 4.0, True), (4, 8, 2.0, False), (0, 0, None, True)]
)
def test_the_peer_is_its_better_way_of_running(capsys, peer, locked, ratio, holds):
    loads = (1, 2, 4, 8, 16)
    rows = rows_of("auscult", 16, *loads) + rows_of("whisperlive", peer, *loads)
    emit_ratios(rows + rows_of("whisperlive-lock", locked, *loads), refined=True)
    line = capsys.readouterr().out
    assert f'"value": {"null" if ratio is None else ratio}' in line
    assert f'"holds": {str(holds).lower()}' in line


def test_no_bar_is_judged_where_loads_between_were_not_tried(capsys):
    emit_ratios(rows_of("auscult", 8, 1, 8) + rows_of("whisperlive", 1, 1, 8), refined=False)
    assert '"ratio": 8.0' in (line := capsys.readouterr().out)
    assert '"holds": null' in line


def test_each_peer_that_was_measured_has_its_own_figure(capsys):
    loads = (1, 2, 4, 8)
    emit_ratios(rows_of("auscult", 8, *loads) + rows_of("whisperlivekit", 2, *loads), refined=True)
    (line,) = capsys.readouterr().out.splitlines()
    assert '"figure": "clients_vs_whisperlivekit", "value": 4.0' in line


def test_kept_rows_come_back_and_those_of_other_sound_do_not(tmp_path):
    path = tmp_path / "rows.json"
    results = Results.load(path, "a")
    results.add(row_of("auscult", 1))
    results.add(row_of("auscult", 1, serves=False))
    assert [one.serves for one in Results.load(path, "a").rows] == [False]
    assert Results.load(path, "b").rows == []
