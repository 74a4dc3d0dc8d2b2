#!/usr/bin/python3
"""Runs a command with TEST_PG_URL set to a fresh database of a throw-away PostgreSQL cluster."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from support.cluster import Cluster  # noqa: E402

cluster = Cluster()
try:
    done = subprocess.run(sys.argv[1:], env={**os.environ, "TEST_PG_URL": cluster.new_database()})
finally:
    cluster.close()
sys.exit(done.returncode)
