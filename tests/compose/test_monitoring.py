"""Alerts and dashboards ask for what there is, and every alert says what to do."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final, cast

import pytest
import yaml

from server.telemetry.metrics import REGISTRY
from tests.compose.test_compose_file import COMPOSE

_MONITORING: Final = COMPOSE / "monitoring"
_NAME: Final = re.compile(r"\btallydock_[a-z_]+")
_SELECTOR: Final = re.compile(r"(tallydock_[a-z_]+)\{([^}]*)\}")
_BY: Final = re.compile(r"\bby \(([^)]*)\)")
# Labels that Prometheus itself knows: of a histogram, of where it asked, of an alert.
_ITS_OWN: Final = {"le", "job", "instance", "alertname", "alertstate"}

Rule = Mapping[str, object]


def rules() -> list[Rule]:
    """Return the alert rules."""
    text = (_MONITORING / "prometheus" / "alerts.yml").read_text()
    (group,) = yaml.safe_load(text)["groups"]
    return cast("list[Rule]", group["rules"])


def dashboard() -> Iterator[str]:
    """Yield every expression of the dashboard."""
    text = (_MONITORING / "grafana" / "dashboards" / "tallydock.json").read_text()
    for panel in json.loads(text)["panels"]:
        for target in panel["targets"]:
            yield target["expr"]


def expressions() -> list[str]:
    """Return every expression."""
    return [*(str(rule["expr"]) for rule in rules()), *dashboard()]


def known() -> dict[str, set[str]]:
    """Return the labels of every series there is, by name."""
    # A gauge that nothing has set yet shows no sample, but its name and labels are declared.
    names: dict[str, set[str]] = {}
    for collector in list(REGISTRY._collector_to_names):
        labels = set(getattr(collector, "_labelnames", ()))
        for name in REGISTRY._collector_to_names[collector]:
            names[name] = labels
    return names


@pytest.mark.parametrize("expression", expressions())
def test_an_expression_asks_for_series_and_labels_there_are(expression: str) -> None:
    series = known()

    named = _NAME.findall(expression)
    labels = {label for name in named for label in series[name]} | _ITS_OWN
    for name, selector in _SELECTOR.findall(expression):
        asked = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector))
        assert asked <= series[name] | _ITS_OWN, name
    for listed in _BY.findall(expression):
        assert {label.strip() for label in listed.split(",")} <= labels
    for opening, closing in ("()", "[]", "{}"):
        assert expression.count(opening) == expression.count(closing)


@pytest.mark.parametrize("expression", expressions())
def test_a_counter_is_asked_for_its_growth_and_a_gauge_never(expression: str) -> None:
    for name in _NAME.findall(expression):
        grows = re.search(rf"(?:rate|increase)\({name}(?:\{{[^}}]*\}})?\[", expression)
        assert bool(grows) == name.endswith(("_total", "_bucket", "_count", "_sum")), name


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_every_alert_has_a_severity_and_a_section_in_the_runbook(rule: Rule) -> None:
    runbook = (COMPOSE / "RUNBOOK.md").read_text()
    headings = re.findall(r"^## (\w+)$", runbook, re.MULTILINE)
    notes = cast("Mapping[str, str]", rule["annotations"])

    assert cast("Mapping[str, str]", rule["labels"])["severity"] in ("critical", "warning", "info")
    assert notes["summary"]
    assert notes["runbook"] == f"RUNBOOK.md#{str(rule['alert']).lower()}"
    assert str(rule["alert"]) in headings


def test_every_section_of_the_runbook_belongs_to_an_alert() -> None:
    runbook = (COMPOSE / "RUNBOOK.md").read_text()

    headings = re.findall(r"^## (\w+)$", runbook, re.MULTILINE)
    assert headings == [str(rule["alert"]) for rule in rules()]


def test_prometheus_asks_the_ports_that_server_and_worker_answer_at() -> None:
    services = yaml.safe_load((COMPOSE / "compose.yaml").read_text())["services"]
    asked = yaml.safe_load((_MONITORING / "prometheus" / "prometheus.yml").read_text())

    ports = {job["job_name"]: job["dns_sd_configs"][0]["port"] for job in asked["scrape_configs"]}
    environment = services["worker"]["environment"]
    assert ports == {"server": 8080, "worker": int(environment["TALLYDOCK_WORKER_METRICS_PORT"])}
    assert {job["authorization"]["credentials_file"] for job in asked["scrape_configs"]} == {
        f"/run/secrets/{services['prometheus']['secrets'][0]}"
    }


def test_the_dashboard_stands_on_the_source_that_is_provisioned_beside_it() -> None:
    # Grafana itself cannot be had where the tests run: what it reads is held to itself.
    folder = _MONITORING / "grafana"
    (source,) = yaml.safe_load((folder / "datasources" / "prometheus.yml").read_text())[
        "datasources"
    ]
    (provider,) = yaml.safe_load((folder / "dashboards" / "dashboards.yml").read_text())[
        "providers"
    ]
    board = json.loads((folder / "dashboards" / "tallydock.json").read_text())
    services = yaml.safe_load((COMPOSE / "compose.yaml").read_text())["services"]

    asked = [panel["datasource"] for panel in board["panels"]]
    asked += [target["datasource"] for panel in board["panels"] for target in panel["targets"]]
    assert all(one == {"type": source["type"], "uid": source["uid"]} for one in asked)
    assert source["url"].startswith("http://prometheus:")
    assert set(services["grafana"]["networks"]) & set(services["prometheus"]["networks"])
    mounted = dict(volume.split(":")[:2] for volume in services["grafana"]["volumes"])
    assert provider["options"]["path"] == f"{mounted['./monitoring/grafana']}/dashboards"
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    cells = [cell for panel in board["panels"] for cell in _cells(panel["gridPos"])]
    assert len(set(cells)) == len(cells)


def _cells(place: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    assert 0 <= place["x"] <= place["x"] + place["w"] <= 24
    for x in range(place["x"], place["x"] + place["w"]):
        for y in range(place["y"], place["y"] + place["h"]):
            yield x, y
