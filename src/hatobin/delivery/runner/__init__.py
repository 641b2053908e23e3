"""The sender process: claim, compose, check, offer, mark, dot, record."""

from hatobin.delivery.runner.process import run_sender_process, send_until_settled
from hatobin.delivery.runner.sender import Sender

__all__ = ["Sender", "run_sender_process", "send_until_settled"]
