"""Roads, the ledger with its queue, emergency stops, and the sandbox mailbox."""

from hatobin.delivery.models.egress import Egress, EgressKind, TlsMode
from hatobin.delivery.models.emergency import EmergencyStop
from hatobin.delivery.models.lanes import LaneShare, StsPolicy
from hatobin.delivery.models.ledger import (
    Attempt,
    Delivery,
    Dispatch,
    DispatchKind,
    Lot,
    Route,
    SenderNode,
)
from hatobin.delivery.models.sandbox import SandboxLetter
from hatobin.delivery.models.shaping import ShapingOverride
from hatobin.delivery.rules.states import DeliveryState, DispatchState

__all__ = [
    "Attempt",
    "Delivery",
    "DeliveryState",
    "Dispatch",
    "DispatchKind",
    "DispatchState",
    "Egress",
    "EgressKind",
    "EmergencyStop",
    "LaneShare",
    "Lot",
    "Route",
    "SandboxLetter",
    "SenderNode",
    "ShapingOverride",
    "StsPolicy",
    "TlsMode",
]
