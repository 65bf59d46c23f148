"""What Grafana and Prometheus are told to look at exists, and what exists is looked at."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.metrics_core import Metric

from base import metrics_http
from config import worker_metrics
from inference.engine.metrics import COUNTERS, GAUGES, HISTOGRAMS, Metrics

DEPLOY = Path(settings.BASE_DIR) / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana/dashboards/auscult.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
RULES = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel["targets"]]
EXPRESSIONS += [rule["expr"] for rule in RULES]
COMPOSED = yaml.safe_load((Path(settings.BASE_DIR) / "docker-compose.yml").read_text())["services"]
SCRAPED = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())["scrape_configs"]
OURS = re.compile(r"\bauscult_(?:web|worker|engine)_\w+")
OF_PROMETHEUS = {"le", "job", "instance"}


@pytest.fixture(scope="module")
def declared(django_db_setup, django_db_blocker) -> dict[str, tuple[set[str], str]]:
    """name -> (labels, kind), of everything that the three services can tell."""
    jobs = CollectorRegistry()
    figures = worker_metrics.JobFigures(jobs)
    own = [*(REGISTRY._collector_to_names or {}), *vars(figures).values()]
    engine = Metrics()
    own += [*engine._counters.values(), *engine._histograms.values(), *engine._gauges.values()]
    with django_db_blocker.unblock():
        states = [*metrics_http.PLACE.collect(), *worker_metrics.STATES.collect()]
    found = {family.name: (labels_of(family), family.type) for family in states}
    for metric in own:
        for family in metric.describe() if hasattr(metric, "_labelnames") else ():
            found[family.name] = (set(metric._labelnames), family.type)
    return found


def labels_of(family: Metric) -> set[str]:
    return {label for sample in family.samples for label in sample.labels}


def metric_names(expression: str) -> Iterator[str]:
    for name in OURS.findall(expression):
        yield re.sub(r"_(?:bucket|sum|count|total)$", "", name)


def test_every_metric_named_is_one_that_a_service_tells(declared):
    named = {name for expression in EXPRESSIONS for name in metric_names(expression)}
    assert len(named) > 40
    assert not named - set(declared)


def test_every_metric_that_a_service_tells_is_on_the_dashboard(declared):
    shown = {name for panel in PANELS for target in panel["targets"] for name in metric_names(target["expr"])}
    assert not {name for name in declared if name.startswith("auscult_")} - shown


def test_quantiles_are_asked_of_histograms_and_rates_of_counters(declared):
    for expression in EXPRESSIONS:
        for name in OURS.findall(expression):
            family, _, part = name.rpartition("_")
            if part in {"bucket", "sum", "count"}:
                assert declared[family][1] == "histogram", expression
            elif part == "total":
                assert declared[family][1] == "counter", expression
            else:
                assert declared[name][1] == "gauge", expression


def test_labels_asked_for_are_labels_of_the_metric(declared):
    for expression in EXPRESSIONS:
        known = OF_PROMETHEUS.union(*(declared[name][0] for name in metric_names(expression)))
        by = {
            label.strip()
            for group in re.findall(r"\bby \(([^)]*)\)", expression)
            for label in group.split(",")
        }
        chosen = {
            label
            for inner in re.findall(r"\{([^}]*)\}", expression)
            for label in re.findall(r"(\w+)\s*[=!]", inner)
        }
        assert not (by | chosen) - known, expression


def test_expressions_are_whole():
    for expression in EXPRESSIONS:
        for opening, closing in ("()", "{}", "[]"):
            assert expression.count(opening) == expression.count(closing), expression


def test_panels_have_titles_of_their_own_and_do_not_lie_on_each_other():
    titles = [panel["title"] for panel in DASHBOARD["panels"]]
    assert len(set(titles)) == len(titles)
    cells = [
        (panel["gridPos"]["y"] + down, panel["gridPos"]["x"] + right)
        for panel in DASHBOARD["panels"]
        for down in range(panel["gridPos"]["h"])
        for right in range(panel["gridPos"]["w"])
    ]
    assert len(set(cells)) == len(cells)


def test_alerts_say_what_is_wrong_what_it_means_and_how_urgent_it_is():
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"] and rule["annotations"]["description"]


def test_what_is_provisioned_fits_together():
    source = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yml").read_text())
    uid = source["datasources"][0]["uid"]
    assert {target["datasource"]["uid"] for panel in PANELS for target in panel["targets"]} == {uid}
    hosts = {
        target.partition(":")[0]
        for job in SCRAPED
        for group in job["static_configs"]
        for target in group["targets"]
    }
    assert hosts <= set(COMPOSED)
    mounted = [volume for name in ("prometheus", "grafana") for volume in COMPOSED[name]["volumes"]]
    folders = [volume.partition(":")[0] for volume in mounted if volume.startswith("./")]
    assert folders and all((Path(settings.BASE_DIR) / folder).exists() for folder in folders)


def test_the_engines_names_follow_prometheus_conventions():
    assert all(name.endswith("_total") for name in COUNTERS)
    assert not [name for name in (*HISTOGRAMS, *GAUGES) if name.endswith(("_total", "_ms"))]


def test_web_answers_to_the_name_by_which_prometheus_asks_it(client, settings):
    """Without the host's own setting, and beside one."""
    [web] = [job for job in SCRAPED if job["job_name"] == "auscult-web"]
    [asked] = web["static_configs"][0]["targets"]
    named = COMPOSED["web"]["environment"]["AUSCULT_ALLOWED_HOSTS"]
    default = "${AUSCULT_ALLOWED_HOSTS:-localhost}"
    assert default in named
    for own in ("localhost", "hospital.example"):
        settings.ALLOWED_HOSTS = named.replace(default, own).split(",")
        assert client.get("/metrics", headers={"host": asked}).status_code == 200
        assert client.get("/metrics", headers={"host": own}).status_code == 200
        assert client.get("/metrics", headers={"host": "elsewhere"}).status_code == 400
