"""Schema changes of campaigns."""
