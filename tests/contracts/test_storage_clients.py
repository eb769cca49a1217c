"""The bare minio SDK and boto3 against any store: users bring other clients than ours."""

import hashlib
import io

import httpx
import pytest
from botocore.exceptions import ClientError
from minio import Minio
from minio.commonconfig import CopySource
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from types_boto3_s3 import S3Client

from tests.fixtures.storage import StorageAddress

MIB = 2**20


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def test_the_minio_sdk_stores_reads_copies_and_deletes(
    minio_sdk: Minio, storage_address: StorageAddress, key: str
) -> None:
    bucket = storage_address.bucket
    written = minio_sdk.put_object(
        bucket, key, io.BytesIO(b"abc"), 3, "text/csv", metadata={"origin": "test"}
    )

    stat = minio_sdk.stat_object(bucket, key)
    minio_sdk.copy_object(
        bucket, f"{key}-copy", CopySource(bucket, key, version_id=written.version_id)
    )
    failed = list(
        minio_sdk.remove_objects(bucket, [DeleteObject(key), DeleteObject(f"{key}-copy")])
    )

    assert (stat.size, stat.content_type, stat.etag) == (3, "text/csv", md5(b"abc"))
    assert stat.metadata is not None
    assert stat.metadata["x-amz-meta-origin"] == "test"
    assert failed == []
    with pytest.raises(S3Error) as refused:
        minio_sdk.stat_object(bucket, key)
    assert refused.value.code == "NoSuchKey"


def test_the_minio_sdk_puts_a_stream_of_unknown_length(
    minio_sdk: Minio, storage_address: StorageAddress, key: str
) -> None:
    data = b"z" * (11 * MIB)

    minio_sdk.put_object(storage_address.bucket, key, io.BytesIO(data), -1, part_size=5 * MIB)

    response = minio_sdk.get_object(storage_address.bucket, key)
    read = response.read()
    response.close()
    response.release_conn()
    assert read == data


def test_boto3_stores_with_a_checksum_and_reads_a_range(
    boto: S3Client, storage_address: StorageAddress, key: str
) -> None:
    bucket = storage_address.bucket

    boto.put_object(Bucket=bucket, Key=key, Body=b"0123456789", ContentType="text/csv")

    head = boto.head_object(Bucket=bucket, Key=key)
    part = boto.get_object(Bucket=bucket, Key=key, Range="bytes=2-4")
    assert (head["ContentLength"], head["ContentType"]) == (10, "text/csv")
    assert head["ETag"] == f'"{md5(b"0123456789")}"'
    assert (part["Body"].read(), part["ContentRange"]) == (b"234", "bytes 2-4/10")


def test_boto3_uploads_a_large_file_in_parts(
    boto: S3Client, storage_address: StorageAddress, key: str
) -> None:
    data = b"q" * (9 * MIB)

    boto.upload_fileobj(io.BytesIO(data), storage_address.bucket, key)

    read = io.BytesIO()
    boto.download_fileobj(storage_address.bucket, key, read)
    assert read.getvalue() == data


def test_boto3_lists_page_by_page(
    boto: S3Client, storage_address: StorageAddress, key: str
) -> None:
    bucket = storage_address.bucket
    for name in ("a/1", "a/2", "b", "b", "c/d/e", "c-"):
        boto.put_object(Bucket=bucket, Key=f"{key}/{name}", Body=name.encode())

    pages = boto.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=f"{key}/", Delimiter="/", PaginationConfig={"PageSize": 1}
    )
    keys: list[str] = []
    prefixes: list[str] = []
    for page in pages:
        keys += [item["Key"] for item in page.get("Contents", [])]
        prefixes += [item["Prefix"] for item in page.get("CommonPrefixes", [])]
    versions = [
        (item["Key"], item["IsLatest"])
        for page in boto.get_paginator("list_object_versions").paginate(
            Bucket=bucket, Prefix=f"{key}/", PaginationConfig={"PageSize": 2}
        )
        for item in page.get("Versions", [])
    ]

    assert keys == [f"{key}/b", f"{key}/c-"]
    assert prefixes == [f"{key}/a/", f"{key}/c/"]
    assert versions == [
        (f"{key}/a/1", True),
        (f"{key}/a/2", True),
        (f"{key}/b", True),
        (f"{key}/b", False),
        (f"{key}/c-", True),
        (f"{key}/c/d/e", True),
    ]


def test_boto3_copies_a_version_and_deletes_many(
    boto: S3Client, storage_address: StorageAddress, key: str
) -> None:
    bucket = storage_address.bucket
    first = boto.put_object(Bucket=bucket, Key=key, Body=b"first")["VersionId"]
    boto.put_object(Bucket=bucket, Key=key, Body=b"second")

    boto.copy_object(
        Bucket=bucket,
        Key=f"{key}-copy",
        CopySource={"Bucket": bucket, "Key": key, "VersionId": first},
    )

    copy = boto.get_object(Bucket=bucket, Key=f"{key}-copy")["Body"].read()
    boto.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}, {"Key": f"{key}-copy"}]})
    assert copy == b"first"
    with pytest.raises(ClientError, match="NoSuchKey"):
        boto.get_object(Bucket=bucket, Key=key)
    assert boto.get_object(Bucket=bucket, Key=key, VersionId=first)["Body"].read() == b"first"


def test_boto3_finds_the_bucket_versioned(boto: S3Client, storage_address: StorageAddress) -> None:
    bucket = storage_address.bucket

    boto.head_bucket(Bucket=bucket)

    assert boto.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert boto.get_bucket_location(Bucket=bucket)["LocationConstraint"] in (None, "us-east-1")


def test_boto3_is_told_of_a_wrong_secret(storage_address: StorageAddress, boto: S3Client) -> None:
    answer = httpx.get(
        boto.generate_presigned_url(
            "get_object", Params={"Bucket": storage_address.bucket, "Key": "x"}
        )[:-1]
        + "_"
    )

    assert answer.status_code == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in answer.text
