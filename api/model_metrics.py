"""The life of models and the health of the loop as Prometheus gauges, read at each scrape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from home.health import Health, Verdict
from home.registry import NoModelError
from home.service import Home
from home.shadow import Agreement


class ModelCollector(Collector):
    """Reads a running composer: its fleet, what its shadow thinks, and its last health."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def collect(self) -> Iterable[Metric]:
        """Everything known now; what is not known is left out."""
        yield from self._fleet()
        yield from _shadow(self._home.shadow.agreement)
        skipped = CounterMetricFamily(
            "home_shadow_skipped", "Pages that no shadow scored, by reason.", labels=["reason"]
        )
        skipped.add_metric(["queue full"], self._home.shadow.skipped)
        skipped.add_metric(["failed"], self._home.shadow.failed)
        yield skipped
        yield GaugeMetricFamily(
            "home_apprentice_match_rate",
            "Mean overlap of the apprentice's pages with the baseline's over the window.",
            value=self._home.apprenticeship.match_rate,
        )
        health = self._home.health.latest()
        if health is not None:
            yield from _health(health)

    def _fleet(self) -> Iterator[Metric]:
        try:
            fleet = self._home.models.serving()
        except NoModelError:
            return
        serving = GaugeMetricFamily(
            "home_model_serving", "Version of the model in each state.", labels=["state"]
        )
        for state, model in (("live", fleet.live), ("canary", fleet.canary), ("shadow", fleet.shadow)):
            if model is not None:
                serving.add_metric([state], model.version)
        yield serving
        yield GaugeMetricFamily("home_canary_share", "The canary's share of listeners.", value=fleet.share)


def _shadow(agreement: Agreement | None) -> Iterator[Metric]:
    if agreement is None:
        return
    totals = {
        "home_shadow_pages": ("Pages that the shadow scored.", agreement.pages),
        "home_shadow_same_pages": ("Pages whose optimum is the shadow's as well.", agreement.same),
        "home_shadow_overlap": ("Summed share of shelves on both optima.", agreement.overlap),
    }
    for name, (text, value) in totals.items():
        yield CounterMetricFamily(name, text, value=value)
    if agreement.pages:
        means = GaugeMetricFamily(
            "home_shadow_value", "Mean predicted reward of a shown shelf.", labels=["model"]
        )
        means.add_metric(["shadow"], agreement.value / agreement.pages)
        means.add_metric(["serving"], agreement.served_value / agreement.pages)
        yield means


def _health(health: Health) -> Iterator[Metric]:
    values = GaugeMetricFamily("home_health", "What each health check measured.", labels=["check"])
    alerts = GaugeMetricFamily("home_health_alert", "1 where a health check alerts.", labels=["check"])
    for check in health.checks:
        if check.value is not None:
            values.add_metric([check.name], check.value)
        alerts.add_metric([check.name], float(check.verdict is Verdict.ALERT))
    yield values
    yield alerts
