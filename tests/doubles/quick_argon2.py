"""Argon2 as the product uses it, at the lowest cost: tests make thousands of people."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    """The same algorithm and format; processes that tests start use the real cost."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
