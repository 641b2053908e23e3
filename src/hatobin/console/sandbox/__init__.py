"""The sandbox mailbox on screen."""
