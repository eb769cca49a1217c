"""What this endpoint refuses, in S3's words: the code, its HTTP status and its message."""

from enum import StrEnum


class Code(StrEnum):
    """The codes of S3 (and of MinIO, where S3 has none) that this endpoint answers with."""

    ACCESS_DENIED = "AccessDenied"
    AUTHORIZATION_HEADER_MALFORMED = "AuthorizationHeaderMalformed"
    AUTHORIZATION_QUERY_PARAMETERS_ERROR = "AuthorizationQueryParametersError"
    BAD_DIGEST = "BadDigest"
    ENTITY_TOO_LARGE = "EntityTooLarge"
    ENTITY_TOO_SMALL = "EntityTooSmall"
    INCOMPLETE_BODY = "IncompleteBody"
    INTERNAL_ERROR = "InternalError"
    INVALID_ACCESS_KEY_ID = "InvalidAccessKeyId"
    INVALID_ARGUMENT = "InvalidArgument"
    INVALID_BUCKET_STATE = "InvalidBucketState"
    INVALID_DIGEST = "InvalidDigest"
    INVALID_PART = "InvalidPart"
    INVALID_PART_ORDER = "InvalidPartOrder"
    INVALID_RANGE = "InvalidRange"
    INVALID_URI = "InvalidURI"
    KEY_TOO_LONG_ERROR = "KeyTooLongError"
    MALFORMED_XML = "MalformedXML"
    METHOD_NOT_ALLOWED = "MethodNotAllowed"
    MISSING_CONTENT_LENGTH = "MissingContentLength"
    NO_SUCH_BUCKET = "NoSuchBucket"
    NO_SUCH_KEY = "NoSuchKey"
    NO_SUCH_UPLOAD = "NoSuchUpload"
    NO_SUCH_VERSION = "NoSuchVersion"
    NOT_IMPLEMENTED = "NotImplemented"
    PRECONDITION_FAILED = "PreconditionFailed"
    REQUEST_TIMEOUT = "RequestTimeout"
    REQUEST_TIME_TOO_SKEWED = "RequestTimeTooSkewed"
    SIGNATURE_DOES_NOT_MATCH = "SignatureDoesNotMatch"
    CONTENT_SHA256_MISMATCH = "XAmzContentSHA256Mismatch"
    MINIO_INVALID_OBJECT_NAME = "XMinioInvalidObjectName"
    MINIO_STORAGE_FULL = "XMinioStorageFull"


# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_STATUS_AND_MESSAGE: dict[Code, tuple[int, str]] = {
    Code.ACCESS_DENIED: (403, "Access denied."),
    Code.AUTHORIZATION_HEADER_MALFORMED: (400, "The authorization header is malformed."),
    Code.AUTHORIZATION_QUERY_PARAMETERS_ERROR: (400, "The signing parameters are malformed."),
    Code.BAD_DIGEST: (400, "The checksum sent does not match the bytes received."),
    Code.ENTITY_TOO_LARGE: (400, "The object is larger than this store takes."),
    Code.ENTITY_TOO_SMALL: (400, "A part other than the last is smaller than 5 MiB."),
    Code.INCOMPLETE_BODY: (400, "Fewer or more bytes arrived than were announced."),
    Code.INTERNAL_ERROR: (500, "The store could not do it."),
    Code.INVALID_ACCESS_KEY_ID: (403, "The access key is not known."),
    Code.INVALID_ARGUMENT: (400, "An argument is not valid."),
    Code.INVALID_BUCKET_STATE: (409, "Versioning of this bucket cannot be suspended."),
    Code.INVALID_DIGEST: (400, "The Content-MD5 is not valid."),
    Code.INVALID_PART: (400, "A part was not found or its ETag differs."),
    Code.INVALID_PART_ORDER: (400, "The parts are not in ascending order."),
    Code.INVALID_RANGE: (416, "The range cannot be satisfied."),
    Code.INVALID_URI: (400, "The address cannot be read."),
    Code.KEY_TOO_LONG_ERROR: (400, "The key, or one of its segments, is too long."),
    Code.MALFORMED_XML: (400, "The XML is not of the documented form."),
    Code.METHOD_NOT_ALLOWED: (405, "The method is not allowed against this resource."),
    Code.MISSING_CONTENT_LENGTH: (411, "The length of the decoded content is missing."),
    Code.NO_SUCH_BUCKET: (404, "The bucket does not exist."),
    Code.NO_SUCH_KEY: (404, "The key does not exist."),
    Code.NO_SUCH_UPLOAD: (404, "The multipart upload does not exist."),
    Code.NO_SUCH_VERSION: (404, "The version does not exist."),
    Code.NOT_IMPLEMENTED: (501, "This store does not implement that."),
    Code.PRECONDITION_FAILED: (412, "A precondition does not hold."),
    Code.REQUEST_TIMEOUT: (400, "The client sent nothing for too long."),
    Code.REQUEST_TIME_TOO_SKEWED: (403, "The request's time is too far from the store's."),
    Code.SIGNATURE_DOES_NOT_MATCH: (403, "The signature does not match."),
    Code.CONTENT_SHA256_MISMATCH: (400, "The bytes do not have the SHA-256 that was signed."),
    Code.MINIO_INVALID_OBJECT_NAME: (400, "The key holds characters that XML cannot carry."),
    Code.MINIO_STORAGE_FULL: (507, "The disk of the store is full."),
}


class S3Fault(Exception):
    """A refusal, answered as S3's error document.

    Args:
        code: what kind of refusal it is.
        message: what is wrong with this request; the table's sentence when empty.
        headers: headers of the answer, such as the version id of a delete marker.
    """

    def __init__(
        self, code: Code, message: str = "", *, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status, standard = _STATUS_AND_MESSAGE[code]
        self.message = message or standard
        self.headers = headers or {}


class ClientGone(Exception):
    """The client closed the connection; there is nobody to answer."""
