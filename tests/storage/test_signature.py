"""Signature Version 4 as the embedded endpoint verifies it; the first cases are AWS's own."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from server.storage.embedded.faults import Code, S3Fault
from server.storage.embedded.request import Message, S3Request, read_request
from server.storage.embedded.signature import Authorization, Credentials, verify

# https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
AWS = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
AWS_TIME = datetime(2013, 5, 24, tzinfo=UTC)
AWS_QUERY = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256"
    "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
    "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
)
AWS_HOST = {"host": "examplebucket.s3.amazonaws.com"}


async def nothing() -> Message:
    return {"type": "http.disconnect"}


def request(
    path: str, query: str = "", headers: dict[str, str] | None = None, method: str = "GET"
) -> S3Request:
    sent = [(name.encode(), value.encode()) for name, value in (headers or AWS_HOST).items()]
    return read_request(
        {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": sent,
        },
        nothing,
    )


def refusal(asked: S3Request, *, now: datetime = AWS_TIME) -> Code:
    with pytest.raises(S3Fault) as fault:
        verify(asked, AWS, now)
    return fault.value.code


def signed_by_botocore(url: str, method: str, headers: dict[str, str]) -> dict[str, str]:
    asked = AWSRequest(method, url, headers=headers)
    credentials = BotocoreCredentials(AWS.access_key, AWS.secret_key)
    S3SigV4Auth(credentials, "s3", AWS.region).add_auth(asked)
    return {name.lower(): value for name, value in asked.headers.items()}


def test_the_presigned_example_of_aws_is_valid() -> None:
    vouched = verify(request("/test.txt", AWS_QUERY), AWS, AWS_TIME)

    assert isinstance(vouched, Authorization)
    assert vouched.payload_hash == "UNSIGNED-PAYLOAD"


def test_the_header_example_of_aws_is_valid() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    headers = {
        **AWS_HOST,
        "range": "bytes=0-9",
        "x-amz-content-sha256": empty,
        "x-amz-date": "20130524T000000Z",
        "authorization": (
            "AWS4-HMAC-SHA256 "
            "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        ),
    }

    vouched = verify(request("/test.txt", headers=headers), AWS, AWS_TIME)

    assert vouched.payload_hash == empty


@pytest.mark.parametrize(
    ("path", "query", "method", "host"),
    [
        pytest.param("/other.txt", AWS_QUERY, "GET", AWS_HOST["host"], id="key"),
        pytest.param("/test.txt", AWS_QUERY, "PUT", AWS_HOST["host"], id="method"),
        pytest.param("/test.txt", AWS_QUERY, "GET", "elsewhere.example", id="host"),
        pytest.param("/test.txt", AWS_QUERY + "&a=b", "GET", AWS_HOST["host"], id="more query"),
        pytest.param(
            "/test.txt", AWS_QUERY.replace("=86400", "=86401"), "GET", AWS_HOST["host"], id="expiry"
        ),
        pytest.param(
            "/test.txt",
            AWS_QUERY.replace("T000000Z", "T000001Z"),
            "GET",
            AWS_HOST["host"],
            id="date",
        ),
        pytest.param("/test.txt", AWS_QUERY[:-1] + "5", "GET", AWS_HOST["host"], id="signature"),
        pytest.param("/test.txt", AWS_QUERY + "é", "GET", AWS_HOST["host"], id="not a signature"),
    ],
)
def test_whatever_is_changed_the_signature_does_not_match(
    path: str, query: str, method: str, host: str
) -> None:
    asked = request(path, quote(query, safe="%&="), {"host": host}, method)

    assert refusal(asked) is Code.SIGNATURE_DOES_NOT_MATCH


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (AWS_TIME + timedelta(hours=24), None),
        (AWS_TIME + timedelta(hours=24, seconds=1), Code.ACCESS_DENIED),
        (AWS_TIME - timedelta(minutes=15), None),
        (AWS_TIME - timedelta(minutes=15, seconds=1), Code.ACCESS_DENIED),
    ],
)
def test_a_url_lives_from_its_date_until_it_expires(now: datetime, expected: Code | None) -> None:
    asked = request("/test.txt", AWS_QUERY)

    if expected is None:
        verify(asked, AWS, now)
    else:
        assert refusal(asked, now=now) is expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", Code.ACCESS_DENIED),
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256", Code.AUTHORIZATION_QUERY_PARAMETERS_ERROR),
        (
            AWS_QUERY.replace("86400", "604801"),
            Code.AUTHORIZATION_QUERY_PARAMETERS_ERROR,
        ),
        (AWS_QUERY.replace("86400", "-1"), Code.AUTHORIZATION_QUERY_PARAMETERS_ERROR),
        (AWS_QUERY.replace("AKIA", "AKIB"), Code.INVALID_ACCESS_KEY_ID),
        (AWS_QUERY.replace("us-east-1", "eu-west-1"), Code.AUTHORIZATION_HEADER_MALFORMED),
        (AWS_QUERY.replace("T000000Z", "T9"), Code.ACCESS_DENIED),
        (AWS_QUERY.replace("SignedHeaders=host", "SignedHeaders=range"), Code.ACCESS_DENIED),
    ],
)
def test_a_malformed_claim_is_refused(query: str, expected: Code) -> None:
    assert refusal(request("/test.txt", query)) is expected


def test_two_ways_of_signing_at_once_are_refused() -> None:
    asked = request("/test.txt", AWS_QUERY, {**AWS_HOST, "authorization": "AWS4-HMAC-SHA256 x"})

    assert refusal(asked) is Code.INVALID_ARGUMENT


@pytest.mark.parametrize("name", ["x-amz-copy-source", "x-amz-meta-a", "x-amz-acl"])
def test_an_amz_header_that_was_not_signed_is_refused(name: str) -> None:
    asked = request("/test.txt", AWS_QUERY, {**AWS_HOST, name: "value"})

    assert refusal(asked) is Code.ACCESS_DENIED


def test_a_header_signature_is_valid_for_a_quarter_of_an_hour() -> None:
    now = datetime.now(UTC)
    headers = signed_by_botocore("http://host/b/k", "PUT", {"host": "host"})
    asked = request("/b/k", "", headers, "PUT")

    verify(asked, AWS, now)

    assert refusal(asked, now=now + timedelta(minutes=16)) is Code.REQUEST_TIME_TOO_SKEWED


@pytest.mark.parametrize("key", ["a b", "a+b", "a%20b", "ü/ß", "a~b", "(a)*!'", "a//b", "a&b=c?d"])
def test_keys_of_any_letters_are_signed_as_botocore_does(key: str) -> None:
    url = f"http://host:9000/bucket/{quote(key, safe='/~')}?versionId=a%2Bb%20c&x="
    asked = AWSRequest("GET", url)
    credentials = BotocoreCredentials(AWS.access_key, AWS.secret_key)
    S3SigV4QueryAuth(credentials, "s3", AWS.region, expires=60).add_auth(asked)
    path, _, query = str(asked.url).removeprefix("http://host:9000").partition("?")

    read = request(path, query, {"host": "host:9000"})

    assert read.key == key
    verify(read, AWS, datetime.now(UTC))
