"""A small S3 endpoint of ours on the local disk, for `make up` on a machine with nothing else.

Read in this order: `endpoint.py` (the ASGI application and its routes), `signature.py` (who may),
`objects.py` and `receiving.py` (how a PUT becomes an object), `disk.py` (what lies on the disk),
`listing.py`, `multipart.py`, `events.py`. The rest of the house knows only `EmbeddedStore` and
`webhook_notifier`; it speaks to the endpoint with the `minio` SDK, as to any other store.
"""
