"""Schema changes of audience."""
