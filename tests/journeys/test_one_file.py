"""One URL, one file: what is PUT afterwards changes nothing; the URL is good for nothing else."""

from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest

from tests.fixtures.client import FILES, Client, counts_of, sums_of
from tests.journeys.payments import Payments

REFUSED = (400, 401, 403, 404, 405)


def changed(url: str, *, path: str = "", old: str = "", new: str = "") -> str:
    """Return the URL with another path or with something else in its query."""
    parts = urlsplit(url)
    query = parts.query.replace(old, new, 1) if old else parts.query
    assert (query != parts.query) == bool(old)
    return urlunsplit((parts.scheme, parts.netloc, parts.path + path, query, ""))


@pytest.mark.parametrize("when", ["before", "during", "after"])
def test_a_second_put_changes_nothing(client: Client, payments: Payments, when: str) -> None:
    rows, data = payments.file(3000)
    _, other = payments.file(4)
    file_id, url = client.ask()

    client.put(url, data)
    if when == "during":
        while client.get(file_id).status == "Pending":
            pass
    if when == "after":
        client.ended(file_id)
    client.put(url, other)
    file = client.ended(file_id)

    assert counts_of(file) == {"total": 3000, "imported": 3000, "inserted": 3000}
    assert file.file.size_bytes == len(data)
    assert (file.progress.bytes_done, file.progress.rows_done) == (len(data), 3000)
    client.http.post(f"{FILES}/{file_id}/complete")
    assert client.get(file_id).statistics == file.statistics
    assert client.shown(payments.provider) == sums_of(rows)


def test_the_original_is_what_came_first(client: Client, payments: Payments) -> None:
    _, data = payments.file(20)
    file_id, url = client.ask()
    client.put(url, data)
    client.put(url, b"shorter")
    client.ended(file_id)

    answer = client.http.get(f"{FILES}/{file_id}/original", follow_redirects=False)

    assert answer.status_code == 302
    assert httpx.get(answer.headers["location"], trust_env=False).content == data


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("x", "", ""),
        ("/../other", "", ""),
        ("", "X-Amz-Signature=", "X-Amz-Signature=0"),
        ("", "X-Amz-Expires=3600", "X-Amz-Expires=604800"),
        ("", "X-Amz-Date=20", "X-Amz-Date=21"),
        ("", "X-Amz-Credential=", "X-Amz-Credential=x"),
        ("", "X-Amz-Algorithm=AWS4-HMAC-SHA256&", ""),
    ],
)
def test_a_tampered_url_is_refused(client: Client, path: str, old: str, new: str) -> None:
    file_id, url = client.ask()

    answer = httpx.put(changed(url, path=path, old=old, new=new), content=b"x", trust_env=False)

    assert answer.status_code in REFUSED
    assert client.get(file_id).status == "Pending"


def test_a_url_without_its_signature_is_refused(client: Client) -> None:
    file_id, url = client.ask()

    answer = httpx.put(url.partition("?")[0], content=b"x", trust_env=False)

    assert answer.status_code in REFUSED
    assert client.get(file_id).status == "Pending"


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "POST", "PATCH"])
def test_the_url_takes_no_other_method(client: Client, method: str) -> None:
    file_id, url = client.ask()

    answer = httpx.request(method, url, trust_env=False)

    assert answer.status_code in REFUSED
    assert client.get(file_id).status == "Pending"


def test_a_cancelled_upload_stays_cancelled_when_its_bytes_come(
    client: Client, payments: Payments
) -> None:
    file_id, url = client.ask()
    cancelled = client.http.post(f"{FILES}/{file_id}/cancel")

    client.put(url, payments.file(3)[1])
    completed = client.http.post(f"{FILES}/{file_id}/complete")

    assert (cancelled.status_code, cancelled.json()["outcome"]) == (202, "cancelled")
    assert completed.status_code == 409
    file = client.get(file_id)
    assert (file.status, file.outcome) == ("Failed", "cancelled")
    assert client.shown(payments.provider) == {}
