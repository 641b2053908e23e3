-- turnstile: who sets dispatches going passes here first, so that an emergency stop is before it or behind it.
SELECT pg_advisory_xact_lock_shared(8103)
