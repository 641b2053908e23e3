"""Contacts, fields, lists, imports."""
