"""Every metric of ``/metrics`` with its kind, its labels and a sentence; docs/operate/metrics.md shows the same."""

from __future__ import annotations

from typing import NamedTuple


class Metric(NamedTuple):
    """``labels`` are few and bounded; none holds an address or a person's name."""

    name: str
    labels: tuple[str, ...]
    sentence: str


METRICS: tuple[Metric, ...] = (
    Metric("hatobin_info", ("version",), "Always 1; the version of the product."),
    Metric("hatobin_letters", ("state",), "Letters of dispatches that are not finished, by state."),
    Metric("hatobin_letters_counted_seconds", (), "Age of the oldest count in hatobin_letters."),
    Metric("hatobin_letters_in_doubt", (), "Letters in doubt of the last 30 days about which nobody decided."),
    Metric("hatobin_dispatches", ("state",), "Released letters and tests that are not over, by state."),
    Metric("hatobin_lots", ("state",), "Lots of the queue: due, later, held (by a sender), still (paused or on hold)."),
    Metric("hatobin_lot_letters", ("state",), "Letters named by those lots; a few of them may have ended already."),
    Metric("hatobin_oldest_due_lot_seconds", (), "For how long the oldest lot that no sender took has been due."),
    Metric("hatobin_lanes", (), "Lanes that senders have now."),
    Metric("hatobin_lanes_slowed", ("reason",), "Lanes that something slows down or lets rest, by reason."),
    Metric("hatobin_lane_open_connections", ("road", "site"), "Open connections of a lane."),
    Metric("hatobin_lane_granted_connections", ("road", "site"), "Connections that senders were granted."),
    Metric("hatobin_lane_limit_connections", ("road", "site"), "Connections that all senders together may have."),
    Metric("hatobin_lane_waiting_letters", ("road", "site"), "Letters in senders' hands that wait for a connection."),
    Metric("hatobin_lane_in_hand_letters", ("road", "site"), "Letters that are being offered."),
    Metric("hatobin_lane_accepted_letters", ("road", "site"), "Letters accepted since its senders have had the lane."),
    Metric("hatobin_lane_refused_letters", ("road", "site"), "Letters refused, for now or for good, since then."),
    Metric("hatobin_lane_accepted_per_minute", ("road", "site"), "Letters accepted within the last minute."),
    Metric("hatobin_senders", (), "Sender processes that are alive."),
    Metric("hatobin_roads_in_trouble", ("kind", "code"), "Ways of sending that do not work now, by kind and trouble."),
    Metric("hatobin_emergency_stops", ("scope",), "Emergency stops that stand: workspace, installation."),
    Metric("hatobin_jobs", ("queue", "state"), "Background jobs: todo, doing, failed."),
    Metric("hatobin_database_bytes", (), "Size of the database."),
)  # fmt: skip
BY_NAME = {each.name: each for each in METRICS}

SITES = 50  # lanes with a name of their own; the others are summed up as "other"
FEW = 10  # a site that had fewer letters is never named: it may be one person's own domain
OTHER = "other"
