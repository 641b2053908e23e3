"""Lists, the people on them, and files on their way in."""
