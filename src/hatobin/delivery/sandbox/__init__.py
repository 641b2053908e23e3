"""The sandbox mailbox: letters that stay in the house."""
