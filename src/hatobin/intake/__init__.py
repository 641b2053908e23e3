"""Door: machines (the sandbox mailbox, the test sink)."""
