"""Schema changes of delivery."""
