"""Names of currencies as references carry them; a code outside the list is not a currency here."""

from __future__ import annotations

from decimal import Decimal

CURRENCY_NAMES: dict[str, str] = {
    "USD": "United States Dollar", "EUR": "Euro", "GBP": "British Pound Sterling", "CAD": "Canadian Dollar",
    "AUD": "Australian Dollar", "NZD": "New Zealand Dollar", "JPY": "Japanese Yen", "CHF": "Swiss Franc",
    "SEK": "Swedish Krona", "NOK": "Norwegian Krone", "DKK": "Danish Krone", "PLN": "Polish Zloty",
    "CZK": "Czech Koruna", "HUF": "Hungarian Forint", "INR": "Indian Rupee", "ZAR": "South African Rand",
    "MXN": "Mexican Peso", "BRL": "Brazilian Real", "SGD": "Singapore Dollar", "HKD": "Hong Kong Dollar",
    "ILS": "Israeli New Shekel", "TRY": "Turkish Lira", "AED": "United Arab Emirates Dirham", "CNY": "Chinese Yuan",
    "KRW": "South Korean Won",
}  # fmt: skip

_UNITS_PER_USD: dict[str, str] = {
    "USD": "1", "EUR": "0.92", "GBP": "0.79", "CAD": "1.37", "AUD": "1.52", "NZD": "1.65", "JPY": "149.5",
    "CHF": "0.88",
    "SEK": "10.4", "NOK": "10.7", "DKK": "6.86", "PLN": "3.95", "CZK": "23.1", "HUF": "362", "INR": "83.4",
    "ZAR": "18.2",
    "MXN": "17.1", "BRL": "5.05", "SGD": "1.34", "HKD": "7.81", "ILS": "3.7", "TRY": "32.5", "AED": "3.67",
    "CNY": "7.24",
    "KRW": "1340",
}  # fmt: skip


def day_rate(source: str, home: str) -> Decimal:
    """Return the home units that one unit of a currency is worth; the sandbox's rates never move."""
    if source == home:
        return Decimal(1)
    rate = Decimal(_UNITS_PER_USD.get(home, "1")) / Decimal(_UNITS_PER_USD.get(source, "1"))
    return rate.quantize(Decimal("0.000001")).normalize()
