"""Customers, tax numbers, payment methods, products and prices (reference: Stripe billing, §2.1 and §2.2)."""

import pytest

# customers


def test_a_customer_is_created_changed_and_read(account):
    made = account.v1.customers.create(
        {"name": "Acme GmbH", "email": "billing@acme.example", "metadata": {"attio_workspace_id": "w1"}}
    )
    assert made.id.startswith("cus_")
    account.v1.customers.update(made.id, {"name": "", "address": {"city": "Berlin", "country": "DE"}})
    shown = account.v1.customers.retrieve(made.id)
    assert (shown.name, shown.address.city, shown.address.line1) == (None, "Berlin", None)
    assert account.told("customer.created", "customer.updated") == ["customer.created", "customer.updated"]
    assert account.event("customer.updated")["data"]["previous_attributes"] == {"address": None, "name": "Acme GmbH"}


def test_a_change_of_nothing_is_not_told(account):
    customer = account.customer()
    account.v1.customers.update(customer.id, {"email": "billing@acme.example"})
    assert account.told() == ["customer.created"]


def test_a_deleted_customer_answers_200_and_its_subscriptions_end(account):
    row = account.subscription()
    assert account.v1.customers.delete(row.customer).deleted is True
    assert account.call("GET", f"/v1/customers/{row.customer}").json() == {
        "id": row.customer,
        "object": "customer",
        "deleted": True,
    }
    assert account.again(row).status == "canceled"
    assert account.event("customer.deleted")["data"]["object"]["email"] == "billing@acme.example"
    assert account.v1.customers.list().data == []
    assert account.refused("POST", f"/v1/customers/{row.customer}", status=404)["code"] == "resource_missing"
    assert account.refused("DELETE", f"/v1/customers/{row.customer}", status=404)["code"] == "resource_missing"


def test_customers_are_listed_by_email_and_time(account):
    first, second = account.customer(), account.customer(email="other@acme.example")
    assert [row.id for row in account.v1.customers.list({"email": "other@acme.example"}).data] == [second.id]
    assert account.v1.customers.list({"created": {"gt": second.created}}).data == []
    ids = {row.id for row in account.v1.customers.list({"created": {"gte": first.created}}).data}
    assert ids == {first.id, second.id}
    assert len(account.v1.customers.list({"created": first.created}).data) >= 1


def test_search_finds_metadata_a_minute_later(account):
    made = account.customer(metadata={"attio_workspace_id": "w-1"})
    account.customer(metadata={"attio_workspace_id": "w-2"})
    query = {"query": "metadata['attio_workspace_id']:'w-1'"}
    assert account.v1.customers.search(query).data == []
    account.box.clock.advance(60)
    found = account.v1.customers.search(query)
    assert ([row.id for row in found.data], found.has_more) == ([made.id], False)
    account.v1.customers.delete(made.id)
    assert account.v1.customers.search(query).data == []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("name:'Acme' AND email:'a@x.example'", {"Acme"}),
        ("name~'cme' OR email:\"b@x.example\"", {"Acme", "Bolt"}),
        ("-name:'Acme'", {"Bolt"}),
        ("metadata['k']:null", {"Bolt"}),
        ("-metadata['k']:null", {"Acme"}),
        ("created>0", {"Acme", "Bolt"}),
        ("created<1", set()),
    ],
)
def test_the_search_language(account, query, names):
    account.customer(name="Acme", email="a@x.example", metadata={"k": "v"})
    account.customer(name="Bolt", email="b@x.example")
    account.box.clock.advance(60)
    assert {row.name for row in account.v1.customers.search({"query": query}).data} == names


@pytest.mark.parametrize(
    "query", ["", "name", "name:", "shoe:'9'", "name:'a' AND", "name:'a' AND name:'b' OR name:'c'", "metadata:'x'"]
)
def test_a_query_that_cannot_be_read_is_refused(account, query):
    assert account.refused("GET", "/v1/customers/search", {"query": query})["param"] == "query"


def test_found_pages_follow_each_other(account):
    for n in range(3):
        account.customer(name=f"C{n}")
    account.box.clock.advance(60)
    first = account.v1.customers.search({"query": "name~'C'", "limit": 2})
    assert (len(first.data), first.has_more) == (2, True)
    second = account.v1.customers.search({"query": "name~'C'", "limit": 2, "page": first.next_page})
    assert (len(second.data), second.has_more, second.next_page) == (1, False, None)


def test_tax_numbers_belong_to_a_customer(account):
    customer = account.customer(tax_id_data=[{"type": "eu_vat", "value": "de123456789"}])
    more = account.v1.customers.tax_ids.create(customer.id, {"type": "gb_vat", "value": "GB123456789"})
    assert [row.value for row in account.v1.customers.tax_ids.list(customer.id).data] == ["GB123456789", "DE123456789"]
    assert account.v1.customers.tax_ids.retrieve(customer.id, more.id).verification.status == "pending"
    assert account.v1.customers.tax_ids.delete(customer.id, more.id).deleted is True
    with pytest.raises(account.library.InvalidRequestError, match="Invalid value for eu_vat"):
        account.v1.customers.tax_ids.create(customer.id, {"type": "eu_vat", "value": "1"})


# payment methods


def test_a_card_is_saved_and_made_the_default(account):
    customer = account.customer()
    method = account.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    assert (method.card.brand, method.card.last4, method.customer) == ("visa", "4242", customer.id)
    changed = account.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method.id}})
    assert changed.invoice_settings.default_payment_method == method.id
    assert [row.id for row in account.v1.payment_methods.list({"customer": customer.id}).data] == [method.id]
    assert [row.id for row in account.v1.customers.payment_methods.list(customer.id).data] == [method.id]


def test_the_card_of_another_customer_cannot_be_the_default(account):
    customer, other = account.customer(), account.customer("pm_card_visa")
    theirs = other.invoice_settings.default_payment_method
    for identifier in (theirs, "pm_nothing"):
        with pytest.raises(account.library.InvalidRequestError, match="must be attached to the customer"):
            account.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": identifier}})
    with pytest.raises(account.library.InvalidRequestError, match="already been attached"):
        account.v1.payment_methods.attach(theirs, {"customer": customer.id})


def test_a_declined_card_cannot_be_saved_and_one_that_fails_later_can(account):
    customer = account.customer()
    with pytest.raises(account.library.CardError) as raised:
        account.v1.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer.id})
    assert (raised.value.code, raised.value.error.decline_code) == ("card_declined", "generic_decline")
    assert (
        account.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id}).card.last4 == "0341"
    )


@pytest.mark.parametrize(
    ("number", "code"),
    [("4242424242424241", "incorrect_number"), ("4111111111111111", "card_declined"), ("card", "incorrect_number")],
)
def test_numbers_that_are_no_test_cards_are_refused(account, number, code):
    with pytest.raises(account.library.CardError) as raised:
        account.v1.payment_methods.create(
            {"type": "card", "card": {"number": number, "exp_month": 1, "exp_year": 2034}}
        )
    assert raised.value.code == code


def test_a_detached_card_is_nobodys_default_any_more(account):
    customer = account.customer("pm_card_visa")
    method = customer.invoice_settings.default_payment_method
    assert account.v1.payment_methods.detach(method).customer is None
    assert account.v1.customers.retrieve(customer.id).invoice_settings.default_payment_method is None
    with pytest.raises(account.library.InvalidRequestError, match="not attached"):
        account.v1.payment_methods.detach(method)


# products and prices


def test_a_product_comes_with_its_default_price(account):
    product = account.v1.products.create(
        {
            "name": "AttiBooks Pro",
            "tax_code": "txcd_10103001",
            "default_price_data": {"currency": "EUR", "unit_amount": 3900, "recurring": {"interval": "month"}},
        }
    )
    price = account.v1.prices.retrieve(product.default_price)
    assert (price.unit_amount, price.currency, price.product, price.type) == (3900, "eur", product.id, "recurring")
    assert account.told() == ["product.created", "price.created"]


def test_products_are_changed_listed_and_deleted_while_they_have_no_price(account):
    product = account.v1.products.create({"name": "Pro", "id": "prod_pro"})
    with pytest.raises(account.library.InvalidRequestError, match="already exists"):
        account.v1.products.create({"name": "Pro", "id": "prod_pro"})
    assert account.v1.products.update(product.id, {"name": "Pro 2", "active": False}).name == "Pro 2"
    assert account.v1.products.list({"active": True}).data == []
    assert [row.id for row in account.v1.products.list({"ids": ["prod_pro"]}).data] == ["prod_pro"]
    price = account.v1.prices.create({"product": product.id, "currency": "eur", "unit_amount": 1})
    with pytest.raises(account.library.InvalidRequestError, match="cannot be deleted"):
        account.v1.products.delete(price.product)
    other = account.v1.products.create({"name": "Other"})
    assert account.v1.products.delete(other.id).deleted is True
    with pytest.raises(account.library.InvalidRequestError, match="No such product"):
        account.v1.products.retrieve(other.id)


def test_a_price_is_found_by_its_lookup_key(account):
    price = account.price(lookup_key="attibooks_pro_monthly_eur", tax_behavior="exclusive")
    account.price(lookup_key="another")
    found = account.v1.prices.list({"lookup_keys": ["attibooks_pro_monthly_eur"], "active": True})
    assert [row.id for row in found.data] == [price.id]
    assert (found.data[0].unit_amount, str(found.data[0].unit_amount_decimal)) == (3900, "3900")
    assert account.v1.prices.list({"lookup_keys": ["nothing"]}).data == []


def test_a_lookup_key_moves_only_when_it_is_transferred(account):
    old = account.price(lookup_key="pro")
    with pytest.raises(account.library.InvalidRequestError, match="already uses that lookup key"):
        account.price(lookup_key="pro")
    new = account.price(4900, lookup_key="pro", transfer_lookup_key=True)
    assert account.v1.prices.retrieve(old.id).lookup_key is None
    assert [row.id for row in account.v1.prices.list({"lookup_keys": ["pro"]}).data] == [new.id]
    with pytest.raises(account.library.InvalidRequestError, match="already uses that lookup key"):
        account.v1.prices.update(old.id, {"lookup_key": "pro"})
    account.v1.prices.update(old.id, {"lookup_key": "pro", "transfer_lookup_key": True})
    assert account.v1.prices.retrieve(new.id).lookup_key is None


def test_a_prices_amount_never_changes(account):
    price = account.price()
    assert account.refused("POST", f"/v1/prices/{price.id}", {"unit_amount": "1"})["code"] == "parameter_unknown"
    assert account.v1.prices.update(price.id, {"active": False, "nickname": "old"}).active is False
    fixed = account.price(tax_behavior="exclusive")
    with pytest.raises(account.library.InvalidRequestError, match="tax_behavior"):
        account.v1.prices.update(fixed.id, {"tax_behavior": "inclusive"})


@pytest.mark.parametrize(
    ("form", "param"),
    [
        ({"currency": "euro"}, "currency"),
        ({"unit_amount": "-1"}, "unit_amount"),
        ({"unit_amount": "39.00"}, "unit_amount"),
        ({"unit_amount": ""}, "unit_amount"),
        ({"product": "prod_x"}, "product"),
        ({"product": ""}, "product"),
        ({"recurring[interval]": "fortnight"}, "recurring[interval]"),
        ({"recurring[interval_count]": "40"}, "recurring[interval_count]"),
        ({"recurring[interval_count]": "2", "recurring[interval]": ""}, "recurring[interval]"),
        ({"lookup_key": "k" * 201}, "lookup_key"),
    ],
)
def test_a_wrong_price_is_refused(account, form, param):
    product = account.v1.products.create({"name": "Pro"}).id
    good = {"currency": "eur", "unit_amount": "3900", "recurring[interval]": "month", "product": product}
    assert account.refused("POST", "/v1/prices", good | form)["param"] == param
    assert account.v1.prices.list().data == []


def test_a_price_may_bring_its_product(account):
    price = account.v1.prices.create({"currency": "eur", "unit_amount": 100, "product_data": {"name": "New"}})
    assert account.v1.products.retrieve(price.product).name == "New"
    assert account.refused("POST", "/v1/prices", {"currency": "eur", "unit_amount": "1"})["param"] == "product"
