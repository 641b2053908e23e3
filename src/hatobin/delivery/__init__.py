"""The engine: ledger, egress, runner."""
