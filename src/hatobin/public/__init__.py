"""Door: recipients (unsubscribe)."""
