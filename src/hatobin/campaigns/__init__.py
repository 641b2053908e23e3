"""A letter on its way: draft, check, release, hold, stop."""
