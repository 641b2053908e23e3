"""Schema changes of senders."""
