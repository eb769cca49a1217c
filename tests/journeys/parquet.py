"""Parquet files for tests, written by the very engine in a process of its own, as chDB wants."""

import subprocess
import sys

_WRITE = """
import sys
import chdb
sys.stdout.buffer.write(chdb.query(sys.stdin.read(), "Parquet").bytes())
"""


def parquet(query: str) -> bytes:
    """Return the query's rows as a Parquet file."""
    done = subprocess.run(
        [sys.executable, "-c", _WRITE], input=query.encode(), capture_output=True, check=True
    )
    assert done.stdout.startswith(b"PAR1"), done.stderr
    return done.stdout
