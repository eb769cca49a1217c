"""The calls on the bucket: is it there, its versioning, the listings, deleting many at once."""

import base64
import binascii

from server.storage.embedded import xml
from server.storage.embedded.answers import Answer, xml_answer
from server.storage.embedded.disk import Disk, Version
from server.storage.embedded.faults import Code, S3Fault
from server.storage.embedded.listing import Listing, Page, list_newest, list_versions
from server.storage.embedded.objects import delete_one
from server.storage.embedded.receiving import Threads
from server.storage.embedded.request import S3Request
from server.storage.embedded.signature import Authorization

_MAX_KEYS = 1000


class Buckets:
    """Answers the calls on the one bucket of this store, which is always there and versioned."""

    def __init__(self, disk: Disk, threads: Threads, bucket: str, region: str) -> None:
        self._disk = disk
        self._threads = threads
        self._bucket = bucket
        self._region = region

    async def create(self, _request: S3Request, _authorization: Authorization) -> Answer:
        """Answer as if the bucket had been made."""
        return Answer(headers={"location": f"/{self._bucket}"})

    async def head(self, _request: S3Request, _authorization: Authorization) -> Answer:
        """Answer that the bucket is there."""
        return Answer(headers={"x-amz-bucket-region": self._region})

    async def location(self, _request: S3Request, _authorization: Authorization) -> Answer:
        """Answer the region; S3 says nothing for its first one."""
        return xml_answer(
            xml.document("LocationConstraint", "" if self._region == "us-east-1" else self._region)
        )

    async def get_versioning(self, _request: S3Request, _authorization: Authorization) -> Answer:
        """Answer that versioning is on."""
        return xml_answer(xml.document("VersioningConfiguration", xml.text("Status", "Enabled")))

    async def put_versioning(self, request: S3Request, _authorization: Authorization) -> Answer:
        """Take Enabled; refuse to suspend."""
        document = xml.read(await request.document(), "VersioningConfiguration")
        if xml.required(document, "Status") != "Enabled":
            raise S3Fault(Code.INVALID_BUCKET_STATE)
        return Answer()

    async def list_objects(self, request: S3Request, _authorization: Authorization) -> Answer:
        """List the newest versions: ListObjectsV2, and ListObjects where list-type is not 2."""
        query = request.query
        is_second = query.get("list-type") == "2"
        if is_second:
            after = _read_token(query.get("continuation-token")) or query.get("start-after", "")
        else:
            after = query.get("marker", "")
        listing = _listing(query, after_key=after)
        page = await self._threads.run(lambda: list_newest(self._disk, listing))
        encoding = query.get("encoding-type", "")
        content = _head(self._bucket, listing, page, encoding)
        content += [
            xml.group("Contents", *_shown(version, encoding)) for version, _ in page.versions
        ]
        if is_second:
            content.append(xml.text("KeyCount", page.count))
            if page.is_truncated:
                token = base64.urlsafe_b64encode(page.last_key.encode()).decode()
                content.append(xml.text("NextContinuationToken", token))
        elif page.is_truncated:
            content.append(xml.text("NextMarker", xml.encode_key(page.last_key, encoding)))
        return xml_answer(xml.document("ListBucketResult", *content))

    async def list_versions(self, request: S3Request, _authorization: Authorization) -> Answer:
        """List all versions and delete markers: ListObjectVersions."""
        query = request.query
        listing = _listing(
            query,
            after_key=query.get("key-marker", ""),
            after_version=query.get("version-id-marker", ""),
        )
        page = await self._threads.run(lambda: list_versions(self._disk, listing))
        encoding = query.get("encoding-type", "")
        content = _head(self._bucket, listing, page, encoding)
        content.append(xml.text("KeyMarker", xml.encode_key(listing.after_key, encoding)))
        content.append(xml.text("VersionIdMarker", listing.after_version))
        if page.is_truncated:
            content.append(xml.text("NextKeyMarker", xml.encode_key(page.last_key, encoding)))
            content.append(xml.text("NextVersionIdMarker", page.last_version))
        for version, is_latest in page.versions:
            name = "DeleteMarker" if version.about.is_delete_marker else "Version"
            content.append(
                xml.group(
                    name,
                    *_shown(version, encoding),
                    xml.text("VersionId", version.version_id),
                    xml.text("IsLatest", is_latest),
                )
            )
        return xml_answer(xml.document("ListVersionsResult", *content))

    async def delete_many(self, request: S3Request, _authorization: Authorization) -> Answer:
        """Delete up to 1000 objects or versions."""
        document = xml.read(await request.document(), "Delete")
        wanted = [
            (xml.required(item, "Key"), item.findtext("VersionId") or "")
            for item in document.findall("Object")
        ]
        if not 1 <= len(wanted) <= _MAX_KEYS:
            raise S3Fault(Code.MALFORMED_XML)
        is_quiet = document.findtext("Quiet") == "true"
        deleted: list[str] = []
        for key, version_id in wanted:
            deleted.append(await self._delete(key, version_id, is_quiet=is_quiet))
        return xml_answer(xml.document("DeleteResult", *deleted))

    async def _delete(self, key: str, version_id: str, *, is_quiet: bool) -> str:
        asked = [xml.text("Key", key)]
        if version_id:
            asked.append(xml.text("VersionId", version_id))
        try:
            removed = await self._threads.run(lambda: delete_one(self._disk, key, version_id))
        except S3Fault as fault:
            return xml.group(
                "Error", *asked, xml.text("Code", fault.code), xml.text("Message", fault.message)
            )
        if is_quiet:
            return ""
        if removed and removed.about.is_delete_marker:
            asked.append(xml.text("DeleteMarker", value=True))
            asked.append(xml.text("DeleteMarkerVersionId", removed.version_id))
        return xml.group("Deleted", *asked)


def _listing(query: dict[str, str], *, after_key: str, after_version: str = "") -> Listing:
    limit = query.get("max-keys", "") or str(_MAX_KEYS)
    if not (limit.isascii() and limit.isdigit()):
        raise S3Fault(Code.INVALID_ARGUMENT, "max-keys is not a number.")
    return Listing(
        prefix=query.get("prefix", ""),
        delimiter=query.get("delimiter", ""),
        after_key=after_key,
        after_version=after_version,
        limit=min(int(limit), _MAX_KEYS),
    )


def _head(bucket: str, listing: Listing, page: Page, encoding: str) -> list[str]:
    head = [
        xml.text("Name", bucket),
        xml.text("Prefix", xml.encode_key(listing.prefix, encoding)),
        xml.text("MaxKeys", listing.limit),
        xml.text("IsTruncated", page.is_truncated),
    ]
    if listing.delimiter:
        head.append(xml.text("Delimiter", xml.encode_key(listing.delimiter, encoding)))
    if encoding:
        head.append(xml.text("EncodingType", encoding))
    head += [
        xml.group("CommonPrefixes", xml.text("Prefix", xml.encode_key(prefix, encoding)))
        for prefix in page.prefixes
    ]
    return head


def _shown(version: Version, encoding: str) -> list[str]:
    about = version.about
    shown = [
        xml.text("Key", xml.encode_key(about.key, encoding)),
        xml.text("LastModified", xml.moment(version.last_modified)),
    ]
    if not about.is_delete_marker:
        shown += [
            xml.text("ETag", f'"{about.etag}"'),
            xml.text("Size", about.size_bytes),
            xml.text("StorageClass", "STANDARD"),
        ]
    return shown


def _read_token(token: str | None) -> str:
    try:
        return base64.urlsafe_b64decode(token or "").decode()
    except (binascii.Error, ValueError) as error:
        raise S3Fault(
            Code.INVALID_ARGUMENT, "The continuation token is not one of ours."
        ) from error
