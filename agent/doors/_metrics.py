"""What a server counts, in Prometheus' format: no names, no words."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The counters of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "chatrec_requests", "Requests answered.", ["method", "path", "status"], registry=self.registry
        )
        self.turns = Counter("chatrec_turns", "Turns that ended well.", ["model", "act"], registry=self.registry)
        self.broken = Counter("chatrec_turns_broken", "Turns that did not end.", ["why"], registry=self.registry)
        self.busy = Counter("chatrec_busy", "Turns refused because too many were under way.", registry=self.registry)
        self.under_way = Gauge("chatrec_turns_under_way", "Turns under way or waiting.", registry=self.registry)
        self.seconds = Histogram(
            "chatrec_turn_seconds",
            "Wall time of a turn, waiting included.",
            ["model"],
            buckets=(0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64),
            registry=self.registry,
        )
        self.tokens = Counter("chatrec_tokens", "Tokens read and written.", ["kind"], registry=self.registry)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self.registry)
