"""Judgements before a release."""
