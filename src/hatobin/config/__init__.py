"""Settings, wiring and process supervision; imported by nobody."""
