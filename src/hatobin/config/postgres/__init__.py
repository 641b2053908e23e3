"""A PostgreSQL of our own, started beside the product when no ``DATABASE_URL`` is given.

``with EmbeddedPostgres(data_dir) as cluster`` is all a caller needs. How it works and what it promises:
docs/mechanisms/embedded-postgresql.md. Nothing here needs Django to be set up.
"""

from hatobin.config.postgres.cluster import Cluster, ClusterStatus
from hatobin.config.postgres.errors import PostgresError
from hatobin.config.postgres.launcher import EmbeddedPostgres, running_cluster

__all__ = ["Cluster", "ClusterStatus", "EmbeddedPostgres", "PostgresError", "running_cluster"]
