"""Straight to the servers of each domain, without a relay. ``road.DirectRoad`` is the way in."""
