"""How long the house waits for object storage, and over how many connections.

Comes before `s3/`, whose SDK sends every request through such a pool.
"""

import os

import certifi
import urllib3

# Calls of one process that may wait for the store at the same time; each is short.
MAX_CONNECTIONS = 16
# An outage must be noticed in seconds: 3 attempts to connect, 2 s each. Reading is longer, since a
# store may be busy joining the parts of a large object.
_CONNECT_SECONDS = 2.0
_READ_SECONDS = 30.0


def connection_pool() -> urllib3.PoolManager:
    """Return a pool of connections to one address; trusts SSL_CERT_FILE where that is set."""
    return urllib3.PoolManager(
        maxsize=MAX_CONNECTIONS,
        timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
        retries=urllib3.Retry(
            total=2, read=1, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]
        ),
        cert_reqs="CERT_REQUIRED",
        ca_certs=os.environ.get("SSL_CERT_FILE") or certifi.where(),
    )
