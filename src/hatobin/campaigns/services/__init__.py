"""Use cases of campaigns, one module per step."""
