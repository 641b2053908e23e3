"""Reading delivery: sums, rows, roads."""

from hatobin.delivery.queries.egresses import EgressView, egress, egresses
from hatobin.delivery.queries.reasons import ReasonCount, reasons
from hatobin.delivery.queries.rows import Row, RowPage, rows
from hatobin.delivery.queries.strangers import static_addresses_of_contacts
from hatobin.delivery.queries.sums import Progress, Sums, progress, sums

__all__ = [
    "EgressView",
    "Progress",
    "ReasonCount",
    "Row",
    "RowPage",
    "Sums",
    "egress",
    "egresses",
    "progress",
    "reasons",
    "rows",
    "static_addresses_of_contacts",
    "sums",
]
