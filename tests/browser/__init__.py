"""The product as a person meets it: a running service, a real Chromium, no knowledge of the code."""
