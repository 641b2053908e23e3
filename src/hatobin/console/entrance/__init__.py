"""The ways in: first owner, invitation, no workspace."""
