"""The currencies that an attribute can be configured with (reference: Attio API, currency codes)."""

from __future__ import annotations

CURRENCY_CODES: tuple[str, ...] = (
    "ARS", "AUD", "BRL", "BGN", "CAD", "CLP", "CNY", "COP", "CZK", "DKK", "EGP", "EUR", "FJD", "GHS", "HKD", "HUF",
    "ISK", "INR", "IDR", "ILS", "JPY", "KES", "KRW", "MYR", "MXN", "NTD", "NZD", "NGN", "NOK", "OMR", "XPF", "PEN",
    "PHP", "PLN", "GBP", "QAR", "RWF", "SAR", "SGD", "ZAR", "SEK", "CHF", "THB", "TRY", "AED", "UYU", "USD",
)  # fmt: skip
DISPLAY_TYPES: tuple[str, ...] = ("code", "name", "narrowSymbol", "symbol")
