"""Workspaces, members, roles, API keys, audit log, sealing keys."""
