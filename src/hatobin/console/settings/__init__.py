"""Settings: workspace, senders, roads out, members, API keys, sign-ins, audit log."""
