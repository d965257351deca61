"""What the server measures, in a Prometheus registry of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from bandits.types import RewardEvent
from home.compose import ComposedPage
from home.events import EventReport

_SECONDS = (0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.1, 0.25, 0.5, 1.0, 2.5)
_STAGES = frozenset({"policy", "layout", "draw", "check"})
"""Where a page can fall back; an error's own text must not become a label."""


class Metrics:
    """Counters of one app. Labels only take values from code and configuration, so series stay few.

    `model_version` is read at each scrape, and so are the counts of failures, which only grow.
    """

    def __init__(
        self,
        model_version: Callable[[], float],
        reload_failures: Callable[[], int],
        learning_failures: Callable[[], int],
    ) -> None:
        registry = self._registry = CollectorRegistry()
        self._compose = Histogram(
            "home_compose_seconds",
            "Composing one page, shelves to page.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._stage = Histogram(
            "home_compose_stage_seconds",
            "One stage of composing a page.",
            ["stage"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._pages = _counter(registry, "home_pages", "Pages served.", "surface", "status", "explored")
        self._decisions = _counter(registry, "home_decisions", "Decisions logged.")
        self._dropped = _counter(registry, "home_sources_dropped", "Sources dropped.", "source", "reason")
        self._violations = _counter(registry, "home_rule_violations", "Rules broken on served pages.", "rule")
        self._fallbacks = _counter(
            registry, "home_fallbacks", "Pages that fell back, by what failed.", "stage"
        )
        self._received = _counter(registry, "home_events_received", "Events reported.", "kind")
        self._outcomes = _counter(registry, "home_events", "Events by what became of them.", "outcome")
        Gauge("home_model_version", "Version of the live model.", registry=registry).set_function(
            model_version
        )
        registry.register(_Reading("home_model_reload_failures", "Failed model reloads.", reload_failures))
        registry.register(
            _Reading("home_learning_failures", "Learner runs that failed in this process.", learning_failures)
        )
        ProcessCollector(registry=registry)

    def register(self, collector: Collector) -> None:
        """Let another collector answer at each scrape."""
        self._registry.register(collector)

    def composed(self, page: ComposedPage) -> None:
        """Count a page that was composed and logged."""
        for stage, seconds in page.seconds.items():
            if stage == "total":
                self._compose.observe(seconds)
            else:
                self._stage.labels(stage).observe(seconds)
        explored = "yes" if page.draw.explored else "no"
        self._pages.labels(page.context.surface, page.result.status.value, explored).inc()
        self._decisions.inc()
        for dropped in page.dropped:
            self._dropped.labels(dropped.source, dropped.reason).inc()
        for violation in page.violations:
            self._violations.labels(violation.rule_id).inc()
        for stage in sorted(_STAGES & {fault.partition(":")[0] for fault in page.fallback.split("; ")}):
            self._fallbacks.labels(stage).inc()

    def reported(self, events: Iterable[RewardEvent], report: EventReport, malformed: int) -> None:
        """Count a batch of events, `malformed` of which could not be read."""
        for event in events:
            self._received.labels(event.kind.value).inc()
        outcomes = {
            "accepted": report.accepted - report.late,
            "late": report.late,
            "duplicate": report.duplicates,
            "rejected": len(report.rejected) + malformed,
        }
        for outcome, count in outcomes.items():
            self._outcomes.labels(outcome).inc(count)

    def exposition(self) -> bytes:
        """Every metric in the Prometheus text format."""
        return generate_latest(self._registry)


class _Reading(Collector):
    def __init__(self, name: str, text: str, read: Callable[[], int]) -> None:
        self._name, self._text, self._read = name, text, read

    def collect(self) -> Iterable[CounterMetricFamily]:
        yield CounterMetricFamily(self._name, self._text, value=self._read())


def _counter(registry: CollectorRegistry, name: str, text: str, *labels: str) -> Counter:
    return Counter(name, text, labels, registry=registry)
