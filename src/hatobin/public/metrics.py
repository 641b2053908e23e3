"""``/metrics`` in Prometheus' text format: for this machine alone, or for whoever holds the token."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from ipaddress import ip_address

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from hatobin.delivery.queries.metrics import Sample, samples
from hatobin.delivery.rules.metrics import METRICS

_PLAIN = "text/plain; charset=utf-8"
# A request that came through a proxy says so; behind one every address looks like loopback.
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """All numbers now. 404 for others while there is no token, 401 without the right one."""
    refused = _refused(request)
    if refused is not None:
        return refused
    try:
        found = samples()
    except DatabaseError:
        return HttpResponse("The database does not answer.\n", _PLAIN, 503)
    registry = CollectorRegistry()
    registry.register(_Found(found))
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(registry), content_type, headers={"Cache-Control": "no-store"})


class _Found(Collector):
    """The numbers of one scrape as the exposition wants them."""

    def __init__(self, found: list[Sample]) -> None:
        self._found = found

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for metric in METRICS:
            family = GaugeMetricFamily(metric.name, metric.sentence, labels=metric.labels)
            for name, labels, value in self._found:
                if name == metric.name:
                    family.add_metric(labels, value)
            yield family


def _refused(request: HttpRequest) -> HttpResponse | None:
    token: str = settings.HATOBIN.metrics_token
    if token:
        given = request.headers.get("Authorization", "")
        if hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return None
        wanted = {"WWW-Authenticate": "Bearer"}
        return HttpResponse("This needs the metrics token.\n", _PLAIN, 401, headers=wanted)
    if _is_this_machine(request):
        return None
    return HttpResponse("There is nothing under this address.\n", _PLAIN, 404)


def _is_this_machine(request: HttpRequest) -> bool:
    if any(request.META.get(name) for name in _FORWARDED):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
