"""Reports: what became of every letter."""
