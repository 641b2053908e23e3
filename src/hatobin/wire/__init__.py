"""Mail formats in plain Python: no Django, no I/O."""
