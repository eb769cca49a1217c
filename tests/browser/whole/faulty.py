"""Files with known faults, and how a browser is given them."""

from playwright.sync_api import Page

from tests.fixtures.rows import TRANSACTION, to_csv

FAULTS = {
    3: {"currency": "EURO"},
    5: {"amount": "12,50"},
    8: {"amount": "1.5E3"},
    9: {"transaction_id": ""},
    11: {"created_at": "2026-02-30 10:00:00"},
    14: {"amount": "1,234.50"},
    17: {"amount": "10.123"},
    20: {"transaction_type": "Gift"},
    22: {"currency": "JPY", "amount": "10.50"},
    25: {"created_at": "1999-01-01 00:00:00"},
    28: {"amount": "-"},
    30: {"card_last4": "12"},
}
"""Row number → cells. The last one is only a warning."""

_DROP = """([name, text]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], name, { type: "text/csv" }));
  for (const type of ["dragenter", "dragover", "drop"]) {
    document.body.dispatchEvent(
      new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }
}"""


def faulty_file(prefix: str, count: int = 130, *, at: str = "2025-06-01 10:30:00") -> bytes:
    """Return transactions of which those of FAULTS are not right."""
    rows = [
        {
            **TRANSACTION,
            "transaction_id": f"{prefix}-{number}",
            "created_at": at,
            **FAULTS.get(number, {}),
        }
        for number in range(1, count + 1)
    ]
    return to_csv(rows).encode()


def choose(page: Page, name: str, data: bytes) -> None:
    """Choose a file in the picker."""
    file = {"name": name, "mimeType": "text/csv", "buffer": data}
    page.locator("#picker").set_input_files(file)  # type: ignore[arg-type]  # a TypedDict of theirs


def drop(page: Page, name: str, data: bytes) -> None:
    """Drop a file on the page, as a hand does."""
    page.evaluate(_DROP, [name, data.decode()])
