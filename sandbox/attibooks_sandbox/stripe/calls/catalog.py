"""Products and prices (reference: Stripe billing, §2.1)."""

from __future__ import annotations

import re
from typing import Any

from attibooks_sandbox.stripe.call import Call
from attibooks_sandbox.stripe.desk import Desk
from attibooks_sandbox.stripe.errors import invalid, missing, not_emulated
from attibooks_sandbox.stripe.model import Price, Product
from attibooks_sandbox.stripe.paging import page_of, within
from attibooks_sandbox.stripe.parameters import Params
from attibooks_sandbox.stripe.render_common import Shown

CREATED_PRODUCT = (
    "active default_price_data description expand id images metadata name statement_descriptor tax_code unit_label url"
)
UPDATED_PRODUCT = (
    "active default_price description expand images metadata name statement_descriptor tax_code unit_label url"
)
CREATED_PRICE = (
    "active billing_scheme currency expand lookup_key metadata nickname product product_data recurring tax_behavior "
    "transfer_lookup_key unit_amount unit_amount_decimal"
)
UPDATED_PRICE = "active expand lookup_key metadata nickname tax_behavior transfer_lookup_key"
LONGEST_LOOKUP_KEY, MOST_LOOKUP_KEYS = 200, 10
LARGEST_AMOUNT = 99_999_999
MOST_DAYS = 3 * 365


def create_product(call: Call) -> Shown:
    """Add a product, with its default price if one comes along."""
    params = call.params
    product = new_product(call, params)
    if "default_price_data" in params:
        part = params.part("default_price_data")
        part.only("currency metadata recurring tax_behavior unit_amount unit_amount_decimal")
        price = _new_price(call.desk, part, product)
        product = call.desk.change(product, default_price=price.id)
    return call.show(product)


def new_product(call: Call, params: Params) -> Product:
    """Add a product."""
    desk, identifier = call.desk, params.text("id")
    if identifier in call.state.products:
        message = "Product already exists."
        raise invalid(message, "id", "resource_already_exists")
    row = Product(
        id=identifier or desk.new_id("prod"),
        created=desk.now,
        updated=desk.now,
        name=params.needed("name"),
        metadata=params.metadata(),
        **_facts(params),
    )
    return desk.put(row, "product.created")


def _facts(params: Params) -> dict[str, Any]:
    texts = ("description", "statement_descriptor", "tax_code", "unit_label", "url")
    facts: dict[str, Any] = {name: params.text(name) for name in texts if name in params}
    if "active" in params:
        facts["active"] = params.flag("active")
    if "images" in params:
        facts["images"] = params.texts("images")
    return facts


def retrieve_product(call: Call, identifier: str) -> Shown:
    """Return a product."""
    return call.show(call.product(identifier))


def update_product(call: Call, identifier: str) -> Shown:
    """Change a product."""
    row, params = call.product(identifier), call.params
    changes = _facts(params)
    if "name" in params:
        changes["name"] = params.needed("name")
    if "metadata" in params:
        changes["metadata"] = params.metadata(row.metadata)
    default = params.text("default_price")
    if default is not None:
        if call.price(default, "default_price").product != row.id:
            message = f"The price {default} does not belong to the product {row.id}."
            raise invalid(message, "default_price")
        changes["default_price"] = default
    return call.show(call.desk.change(row, "product.updated", updated=call.desk.now, **changes))


def delete_product(call: Call, identifier: str) -> Shown:
    """Delete a product that has no prices."""
    row = call.product(identifier)
    if any(price.product == row.id for price in call.state.prices.values()):
        message = "This product cannot be deleted because it has one or more user-created prices."
        raise invalid(message, "id")
    call.desk.announce(row, "product.deleted")
    del call.state.products[row.id]
    return {"id": row.id, "object": "product", "deleted": True}


def list_products(call: Call) -> Shown:
    """List products."""
    params = call.params
    wanted, active, bounds = params.texts("ids"), params.plain("active"), params.plain("created")
    rows = [
        row
        for row in call.state.products.values()
        if (not wanted or row.id in wanted)
        and active in {None, row.active}
        and params.text("url") in {None, row.url}
        and within(row.created, bounds)
    ]
    return page_of(params, "/v1/products", "product", rows, call.show)


# prices


def create_price(call: Call) -> Shown:
    """Add a price to a product, or to one that comes along."""
    params = call.params
    if ("product" in params) == ("product_data" in params):
        message = "You must specify either `product` or `product_data` when creating a price."
        raise invalid(message, None if "product" in params else "product")
    if "product" in params:
        product = call.product(params.needed("product"), "product")
    else:
        part = params.part("product_data")
        part.only("active id metadata name statement_descriptor tax_code unit_label")
        product = new_product(call, part)
    return call.show(_new_price(call.desk, params, product))


def _new_price(desk: Desk, params: Params, product: Product) -> Price:
    lookup_key = _lookup_key(params)
    row = Price(
        id=desk.new_id("price"),
        created=desk.now,
        product=product.id,
        currency=_currency(params.needed("currency")),
        unit_amount=_amount(params),
        active=params.flag("active", default=True),
        lookup_key=lookup_key,
        metadata=params.metadata(),
        nickname=params.text("nickname"),
        tax_behavior=params.text("tax_behavior") or "unspecified",
        **_recurring(params),
    )
    if lookup_key is not None:
        _free_key(desk, lookup_key, transfer=params.flag("transfer_lookup_key"))
    return desk.put(row, "price.created")


def _currency(code: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", code):
        message = f"Invalid currency: {code}. Stripe currently supports these currencies: eur, gbp, usd and others."
        raise invalid(message, "currency")
    return code.lower()


def _amount(params: Params) -> int:
    if params.text("billing_scheme") == "tiered":
        raise not_emulated("billing_scheme")
    amount, exact = params.whole("unit_amount"), params.text("unit_amount_decimal")
    if amount is not None and exact is not None:
        message = "You may only specify one of these parameters: unit_amount, unit_amount_decimal."
        raise invalid(message, "unit_amount")
    if exact is not None:
        if not exact.isdigit():
            raise not_emulated("unit_amount_decimal")
        amount = int(exact)
    if amount is None:
        raise missing("unit_amount")
    if not 0 <= amount <= LARGEST_AMOUNT:
        message = "Invalid non-negative integer" if amount < 0 else f"The amount must be at most {LARGEST_AMOUNT}."
        raise invalid(message, "unit_amount", "parameter_invalid_integer")
    return amount


def _recurring(params: Params) -> dict[str, Any]:
    if "recurring" not in params:
        return {}
    part = params.part("recurring")
    part.only("interval interval_count usage_type")
    if part.text("usage_type") == "metered":
        raise not_emulated("recurring[usage_type]")
    interval, count = part.needed("interval"), part.whole("interval_count") or 1
    days = {"day": 1, "week": 7, "month": 30, "year": 365}[interval] * count
    if count < 1 or days > MOST_DAYS:
        message = "The maximum billing interval is three years."
        raise invalid(message, "recurring[interval_count]")
    return {"interval": interval, "interval_count": count}


def _lookup_key(params: Params) -> str | None:
    key = params.text("lookup_key")
    if key is not None and len(key) > LONGEST_LOOKUP_KEY:
        message = f"Invalid string: {key[:10]}...; must be at most {LONGEST_LOOKUP_KEY} characters"
        raise invalid(message, "lookup_key")
    return key


def _free_key(desk: Desk, key: str, *, transfer: bool, of: str | None = None) -> None:
    """Take a key from the price that has it, which only a transfer may do."""
    holder = next((row for row in desk.state.prices.values() if row.lookup_key == key and row.id != of), None)
    if holder is None:
        return
    if not transfer:
        message = f"A price (`{holder.id}`) already uses that lookup key."
        raise invalid(message, "lookup_key", "resource_already_exists")
    desk.change(holder, "price.updated", lookup_key=None)


def retrieve_price(call: Call, identifier: str) -> Shown:
    """Return a price."""
    return call.show(call.price(identifier))


def update_price(call: Call, identifier: str) -> Shown:
    """Change what may change of a price: never its amount."""
    row, params = call.price(identifier), call.params
    changes: dict[str, Any] = {}
    if "active" in params:
        changes["active"] = params.flag("active")
    if "lookup_key" in params:
        changes["lookup_key"] = _lookup_key(params)
        if changes["lookup_key"] is not None:
            _free_key(call.desk, changes["lookup_key"], transfer=params.flag("transfer_lookup_key"), of=row.id)
    if "metadata" in params:
        changes["metadata"] = params.metadata(row.metadata)
    if "nickname" in params:
        changes["nickname"] = params.text("nickname")
    behavior = params.text("tax_behavior")
    if behavior is not None and behavior != row.tax_behavior:
        if row.tax_behavior != "unspecified":
            message = "You cannot update `tax_behavior` once it has been set to `inclusive` or `exclusive`."
            raise invalid(message, "tax_behavior")
        changes["tax_behavior"] = behavior
    return call.show(call.desk.change(row, "price.updated", **changes))


def list_prices(call: Call) -> Shown:
    """List prices, for instance those with one of ten lookup keys."""
    params = call.params
    keys = params.texts("lookup_keys")
    if len(keys) > MOST_LOOKUP_KEYS:
        message = f"You may only specify up to {MOST_LOOKUP_KEYS} lookup keys."
        raise invalid(message, "lookup_keys")
    rows = [row for row in call.state.prices.values() if (not keys or row.lookup_key in keys) and _fits(params, row)]
    return page_of(params, "/v1/prices", "price", rows, call.show)


def _fits(params: Params, row: Price) -> bool:
    recurring = params.part("recurring")
    kind = "one_time" if row.interval is None else "recurring"
    return (
        params.plain("active") in {None, row.active}
        and params.text("currency") in {None, row.currency}
        and params.text("product") in {None, row.product}
        and params.text("type") in {None, kind}
        and recurring.text("interval") in {None, row.interval}
        and within(row.created, params.plain("created"))
    )
