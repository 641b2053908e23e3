"""``hatobin bench``: how fast this machine sends, over the true path, against a server that throws away.

A database of its own in a throw-away folder, the real release, real sender processes, the real barrier.
Nothing of the installation is touched.
"""

from hatobin.config.bench.command import bench

__all__ = ["bench"]
