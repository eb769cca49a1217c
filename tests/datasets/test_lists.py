"""The lists of currencies and countries: the standards, and what is left out on purpose."""

import pytest

from server.datasets.countries import COUNTRIES
from server.datasets.currencies import EXPONENTS

# ISO 4217, by exponent; those that software gets wrong most often are among them.
UNUSUAL = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
USUAL = "CVE IDR MGA MRU HUF TWD COP EUR USD GBP XCG ZWG SLE VED XAD"
WITHDRAWN = {
    "BGN": 2,
    "HRK": 2,
    "DEM": 2,
    "ITL": 0,
    "ESP": 0,
    "TRL": 0,
    "BYR": 0,
    "VEF": 2,
    "MRO": 2,
    "ANG": 2,
}


def test_exponents_are_those_of_iso_4217() -> None:
    unusual = {code: places for places, codes in UNUSUAL.items() for code in codes.split()}

    assert {code: EXPONENTS[code] for code in unusual} == unusual
    assert {EXPONENTS[code] for code in USUAL.split()} == {2}
    withdrawn = {code for code, places in EXPONENTS.items() if places != 2} - set(unusual)
    assert {EXPONENTS[code] for code in withdrawn} == {0}


def test_currencies_of_earlier_years_are_still_read() -> None:
    assert {code: EXPONENTS[code] for code in WITHDRAWN} == WITHDRAWN


@pytest.mark.parametrize("code", ["XXX", "XTS", "XAU", "XAG", "XPT", "XPD", "XDR", "XUA", "XBA"])
def test_what_is_no_money_is_no_currency(code: str) -> None:
    assert code not in EXPONENTS


def test_a_code_stands_once_and_has_its_form() -> None:
    assert all(len(code) == 3 and code.isalpha() and code.isupper() for code in EXPONENTS)
    assert list(COUNTRIES) == sorted(set(COUNTRIES))
    assert all(len(code) == 2 and code.isalpha() and code.isupper() for code in COUNTRIES)


def test_countries_are_those_assigned_and_kosovo() -> None:
    assert len(COUNTRIES) == 249 + 1
    assert {"DE", "GB", "GR", "TW", "SS", "BQ", "CW", "SX", "XK"} <= set(COUNTRIES)
    assert not {"UK", "EU", "EL", "AN", "CS", "SU", "YU", "ZZ"} & set(COUNTRIES)
