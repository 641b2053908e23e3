"""Domain health and warm-up (its place; empty until the engine grows)."""
