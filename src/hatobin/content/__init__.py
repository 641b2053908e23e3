"""The letter: merge fields, sanitising, footer, compile to MIME."""
