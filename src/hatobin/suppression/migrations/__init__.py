"""Schema changes of suppression."""
