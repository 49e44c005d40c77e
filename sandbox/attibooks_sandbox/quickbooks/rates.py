"""Exchange rates by address (reference: QuickBooks Online API, §4.7): the sandbox's are fixed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.currencies import CURRENCY_NAMES, day_rate
from attibooks_sandbox.quickbooks.invoice_dates import today
from attibooks_sandbox.quickbooks.shapes import Day
from attibooks_sandbox.quickbooks.wire import Wire


def day_rate_of(company: Company, asked: Mapping[str, str], now: datetime) -> Wire:
    """Return the rate of `sourcecurrencycode` in the home currency on `asofdate`, today if there is none."""
    if not company.profile.multicurrency:
        raise faults.not_permitted("Multicurrency is not turned on in this company.")
    source = asked.get("sourcecurrencycode", "")
    if not source:
        raise faults.missing("sourcecurrencycode")
    if source not in CURRENCY_NAMES:
        raise faults.invalid_enumeration("sourcecurrencycode", source)
    given = asked.get("asofdate", "")
    day = Day().clean(given, "asofdate") if given else today(company, now)
    home = company.profile.currency
    rate = {"SourceCurrencyCode": source, "TargetCurrencyCode": home, "Rate": day_rate(source, home), "AsOfDate": day}
    return {"ExchangeRate": rate}
