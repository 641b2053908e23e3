"""Delivery status: lanes as they are, and the story of each letter."""
