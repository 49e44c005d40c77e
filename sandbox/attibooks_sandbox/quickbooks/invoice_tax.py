"""The tax of an invoice (reference: QuickBooks Online API, tax).

United States: lines are `TAX` or `NON`, the rates come from one code for the whole transaction, and a total sent along
overrides what comes out. Elsewhere each line has its own code; with `TaxInclusive` a line's amount is net and
`TaxInclusiveAmt` gross, and a line sent without the latter is taken as gross and divided.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.catalog import rate_percent
from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.model import NO_TAX, ZERO, Discount, Line, SalesLine, Tax, TaxLine, to_cents
from attibooks_sandbox.quickbooks.shapes import shortest

_PRICE_DIGITS = Decimal("0.0000001")
_GROSS_TOLERANCE = Decimal("0.02")


def code_rates(company: Company, code_id: str) -> list[tuple[str, Decimal]]:
    """Return the rates that a tax code stands for, with their percentages."""
    code = company.find("TaxCode", code_id)
    rates = () if code is None else code.fields["Rates"]
    assert isinstance(rates, tuple)
    return [(rate_id, rate_percent(company, rate_id)) for rate_id in rates]


def split_gross_lines(company: Company, lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return lines of a tax-inclusive invoice with net amounts, their gross ones beside them."""
    return tuple(_split(company, line) if isinstance(line, SalesLine) else line for line in lines)


def _split(company: Company, line: SalesLine) -> SalesLine:
    if line.tax_code is None:
        return line
    percent = sum((percent for _, percent in code_rates(company, line.tax_code)), ZERO)
    if line.gross is not None:
        if abs(line.gross - line.amount * (1 + percent / 100)) > _GROSS_TOLERANCE:
            raise faults.business("The tax inclusive amount does not agree with the amount and the tax code.")
        return line
    net = to_cents(line.amount / (1 + percent / 100))
    price = line.unit_price
    if price is not None and line.qty:
        price = shortest((net / line.qty).quantize(_PRICE_DIGITS))
    return msgspec.structs.replace(line, amount=net, gross=line.amount, unit_price=price)


def tax_of(
    company: Company,
    lines: Sequence[Line],
    discount: Discount | None,
    header: dict[str, object],
) -> Tax:
    """Return the tax of an invoice's lines."""
    sold = [line for line in lines if isinstance(line, SalesLine)]
    share = _taxed_share(sold, discount, after_discount=header.get("ApplyTaxAfterDiscount") is True)
    if company.profile.is_us:
        return _us_tax(company, sold, share, header.get("TxnTaxDetail"))
    if header.get("GlobalTaxCalculation") == "NotApplicable" or not company.profile.sales_tax:
        return NO_TAX
    return _coded_tax(company, sold, share)


def _taxed_share(sold: Sequence[SalesLine], discount: Discount | None, *, after_discount: bool) -> Decimal:
    """Return the part of the amounts that tax is taken from."""
    subtotal = sum((line.amount for line in sold), ZERO)
    if discount is None or not after_discount or not subtotal:
        return Decimal(1)
    return (subtotal - discount.amount) / subtotal


def _us_tax(company: Company, sold: Sequence[SalesLine], share: Decimal, detail: object) -> Tax:
    facts = detail if isinstance(detail, dict) else {}
    code, override = facts.get("TxnTaxCodeRef"), facts.get("TotalTax")
    taxable = to_cents(share * sum((line.amount for line in sold if line.tax_code == "TAX"), ZERO))
    if not isinstance(code, str):
        total = to_cents(override) if isinstance(override, Decimal) and taxable else ZERO
        return Tax(total=total)
    company.wanted("TaxCode", code)
    rates = code_rates(company, code)
    lines = tuple(_tax_line(rate_id, percent, taxable) for rate_id, percent in rates) if taxable else ()
    total = sum((line.amount for line in lines), ZERO)
    if isinstance(override, Decimal) and facts.get("TaxLine") is None and lines:
        total = to_cents(override)
        lines = (msgspec.structs.replace(lines[0], amount=total), *lines[1:]) if len(lines) == 1 else lines
    return Tax(total=total, code_id=code, lines=lines)


def _tax_line(rate_id: str, percent: Decimal, net: Decimal) -> TaxLine:
    return TaxLine(rate_id=rate_id, percent=percent, net=net, amount=to_cents(net * percent / 100))


def _coded_tax(company: Company, sold: Sequence[SalesLine], share: Decimal) -> Tax:
    nets: dict[str, tuple[Decimal, Decimal]] = {}
    gross_tax: dict[str, Decimal] = {}
    for line in sold:
        rates = code_rates(company, line.tax_code) if line.tax_code is not None else []
        for index, (rate_id, percent) in enumerate(rates):
            nets[rate_id] = (percent, nets.get(rate_id, (percent, ZERO))[1] + share * line.amount)
            if line.gross is not None:
                own = _rate_part(line, rates, index)
                gross_tax[rate_id] = gross_tax.get(rate_id, ZERO) + share * own
    lines = tuple(
        _settled(_tax_line(rate_id, percent, to_cents(net)), gross_tax.get(rate_id))
        for rate_id, (percent, net) in nets.items()
    )
    return Tax(total=sum((line.amount for line in lines), ZERO), lines=lines)


def _rate_part(line: SalesLine, rates: Sequence[tuple[str, Decimal]], index: int) -> Decimal:
    """Return what one of a line's rates makes of the difference between gross and net; the last takes the rest."""
    assert line.gross is not None
    before = [to_cents(line.amount * percent / 100) for _, percent in rates[:index]]
    if index == len(rates) - 1:
        return line.gross - line.amount - sum(before, ZERO)
    return to_cents(line.amount * rates[index][1] / 100)


def _settled(line: TaxLine, from_gross: Decimal | None) -> TaxLine:
    return line if from_gross is None else msgspec.structs.replace(line, amount=to_cents(from_gross))
