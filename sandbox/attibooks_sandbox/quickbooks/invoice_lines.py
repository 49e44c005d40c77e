"""Lines of an invoice: checked one by one, numbered, with the discount taken apart.

Reference: QuickBooks Online API, lines.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.company import Company
from attibooks_sandbox.quickbooks.model import CENT, ZERO, Discount, Line, SalesLine, TextLine, to_cents
from attibooks_sandbox.quickbooks.switches import Switches

MOST_LINES = 10_000
DISCOUNTS_GIVEN = "86"
VAT_SENTENCE = "Make sure all your transactions have a VAT rate before you save."


class Lines(msgspec.Struct, frozen=True):
    """The lines of an invoice and its discount; `next_id` is the Id of the next line that comes without one."""

    lines: tuple[Line, ...]
    discount: dict[str, object] | None
    next_id: int


class LineReader(msgspec.Struct, frozen=True):
    """Turns the cleaned lines of a request into lines of an invoice."""

    company: Company
    switches: Switches
    tax_mode: str

    def read(self, raw: object, known: frozenset[str], next_id: int) -> Lines:
        """Return the lines; those that name a known line keep its Id, all others get new ones."""
        given = raw if isinstance(raw, list) else []
        if len(given) > MOST_LINES:
            raise faults.business(f"A transaction can have at most {MOST_LINES:,} lines.")
        lines: list[Line] = []
        discount: dict[str, object] | None = None
        for line in given:
            kind = _kind(line)
            if kind == "DiscountLineDetail":
                discount = _discount(line)
            elif kind != "SubTotalLineDetail":
                line_id = str(line.get("Id"))
                if line_id not in known or any(each.id == line_id for each in lines):
                    line_id, next_id = str(next_id), next_id + 1
                lines.append(self._line(kind, line, line_id))
        if not lines:
            raise faults.missing("Line")
        return Lines(tuple(lines), discount, next_id)

    def _line(self, kind: str, line: dict[str, object], line_id: str) -> Line:
        description = line.get("Description")
        text = None if description is None else str(description)
        if kind == "DescriptionOnly":
            return TextLine(id=line_id, description=text)
        if kind == "GroupLineDetail":
            raise faults.not_emulated("Group lines are not emulated by the sandbox")
        return self._sales_line(line, line_id, text)

    def _sales_line(self, line: dict[str, object], line_id: str, description: str | None) -> SalesLine:
        detail = line.get("SalesItemLineDetail")
        if not isinstance(detail, dict):
            raise faults.missing("SalesItemLineDetail")
        amount = line.get("Amount")
        if not isinstance(amount, Decimal):
            raise faults.missing("Amount")
        qty, price = _quantity_and_price(detail)
        _check_amount(amount, qty, price, self.switches.rounding)
        extra = {name: detail[name] for name in ("ServiceDate", "DiscountRate", "DiscountAmt") if detail.get(name)}
        return SalesLine(
            id=line_id,
            description=description,
            amount=to_cents(amount),
            item_id=self._item(detail),
            unit_price=price,
            qty=qty,
            tax_code=self._tax_code(detail),
            gross=_gross(detail) if self.tax_mode == "TaxInclusive" else None,
            extra=extra or None,
        )

    def _item(self, detail: dict[str, object]) -> str:
        item_id = detail.get("ItemRef")
        if not isinstance(item_id, str):
            raise faults.missing("ItemRef")
        item = self.company.wanted("Item", item_id)
        if item.fields["Type"] == "Category":
            raise faults.business("A category cannot be used on a line of a transaction.")
        return item.id

    def _tax_code(self, detail: dict[str, object]) -> str | None:
        code = detail.get("TaxCodeRef")
        profile = self.company.profile
        if profile.is_us:
            if code not in (None, "TAX", "NON"):
                raise faults.not_tax_or_non()
            return "NON" if code is None else str(code)
        if code is None:
            if profile.sales_tax and self.tax_mode != "NotApplicable":
                raise faults.business(VAT_SENTENCE)
            return None
        return self.company.wanted("TaxCode", str(code)).id


def _kind(line: object) -> str:
    assert isinstance(line, dict)
    kind = line.get("DetailType")
    if not isinstance(kind, str):
        raise faults.missing("DetailType")
    return kind


def _quantity_and_price(detail: dict[str, object]) -> tuple[Decimal | None, Decimal | None]:
    """Return quantity and price; both zero count as unset."""
    qty, price = detail.get("Qty"), detail.get("UnitPrice")
    if not qty and not price:
        return None, None
    return (qty if isinstance(qty, Decimal) else None), (price if isinstance(price, Decimal) else None)


def _check_amount(amount: Decimal, qty: Decimal | None, price: Decimal | None, rounding: str) -> None:
    if qty is None and price is None:
        if amount != amount.quantize(CENT):
            raise faults.invalid_number("Amount", amount)
        return
    product = to_cents((qty or ZERO) * (price or ZERO), rounding)
    if amount != product:
        raise faults.amount_differs(amount)


def _gross(detail: dict[str, object]) -> Decimal | None:
    gross = detail.get("TaxInclusiveAmt")
    return to_cents(gross) if isinstance(gross, Decimal) and gross else None


def _discount(line: dict[str, object]) -> dict[str, object]:
    """Return a discount line's facts: a percentage, or an amount."""
    detail = line.get("DiscountLineDetail")
    facts = dict(detail) if isinstance(detail, dict) else {}
    percent, amount = facts.get("DiscountPercent"), line.get("Amount")
    if facts.get("PercentBased") is True:
        if not isinstance(percent, Decimal) or not 0 < percent <= 100:
            raise faults.incomplete_discount()
        return {"percent": percent, "account": facts.get("DiscountAccountRef")}
    if not isinstance(amount, Decimal) or amount <= 0:
        raise faults.incomplete_discount()
    return {"amount": to_cents(amount), "account": facts.get("DiscountAccountRef")}


def settle_discount(company: Company, facts: dict[str, object] | None, subtotal: Decimal) -> Discount | None:
    """Return the discount on a subtotal."""
    if facts is None:
        return None
    account = facts.get("account")
    account_id = company.wanted("Account", str(account)).id if account is not None else DISCOUNTS_GIVEN
    percent = facts.get("percent")
    if isinstance(percent, Decimal):
        return Discount(amount=to_cents(subtotal * percent / 100), account_id=account_id, percent=percent)
    amount = facts["amount"]
    assert isinstance(amount, Decimal)
    return Discount(amount=amount, account_id=account_id)
