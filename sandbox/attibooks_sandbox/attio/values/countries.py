"""Calling codes of countries, as far as the sandbox knows them; a number of any other country is refused."""

from __future__ import annotations

CALLING_CODES: dict[str, str] = {
    "US": "1", "CA": "1", "GB": "44", "IE": "353", "DE": "49", "FR": "33", "ES": "34", "IT": "39", "NL": "31",
    "BE": "32", "LU": "352", "CH": "41", "AT": "43", "DK": "45", "SE": "46", "NO": "47", "FI": "358", "PL": "48",
    "CZ": "420", "SK": "421", "HU": "36", "RO": "40", "BG": "359", "GR": "30", "PT": "351", "IS": "354", "TR": "90",
    "UA": "380", "IL": "972", "AE": "971", "SA": "966", "QA": "974", "IN": "91", "PK": "92", "CN": "86", "HK": "852",
    "TW": "886", "JP": "81", "KR": "82", "SG": "65", "MY": "60", "TH": "66", "VN": "84", "ID": "62", "PH": "63",
    "AU": "61", "NZ": "64", "ZA": "27", "EG": "20", "KE": "254", "NG": "234", "GH": "233", "BR": "55", "AR": "54",
    "CL": "56", "CO": "57", "PE": "51", "MX": "52", "UY": "598", "CR": "506", "EE": "372", "LV": "371", "LT": "370",
    "SI": "386", "HR": "385", "RS": "381", "MT": "356", "CY": "357",
}  # fmt: skip


def country_of(international: str, country: str | None) -> str | None:
    """Return the country of an international number; a given one must fit it."""
    if country is not None:
        code = CALLING_CODES.get(country)
        return country if code is not None and international.startswith(f"+{code}") else None
    fitting = [name for name, code in CALLING_CODES.items() if international.startswith(f"+{code}")]
    return max(fitting, key=lambda name: len(CALLING_CODES[name]), default=None)
