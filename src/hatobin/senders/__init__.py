"""Who writes: From identities and the legal sender profile."""
