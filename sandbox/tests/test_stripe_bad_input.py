"""Whatever is sent to Stripe's calls and pages, the sandbox answers as Stripe would and never fails itself."""

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attibooks_sandbox.stripe.parameters import described
from attibooks_sandbox.stripe.routes import _TABLE
from attibooks_sandbox.stripe.service import _PRIVATE

ROUTES = [(line, takes) for lines in _TABLE.values() for line, _, takes in lines if line not in _PRIVATE]
JUNK = st.sampled_from(
    ["", "0", "-1", "1", "39.5", "99999999999999999999", "999999999999", "4294967295", "1893456000", "1e9", "true", "null", "é\u0000", "x" * 600, "%00", "[]", "now",
     "cus_x", "min_period_end", "*", "http://", "http://[", "javascript:1", "a@b", "2026-11-24"]
)  # fmt: skip


def values(shape, known):
    """Return forms below a name: mostly of the right shape, with right and wrong values."""
    if isinstance(shape, str) or "enum" in shape:
        words = shape["enum"] if isinstance(shape, dict) else []
        return (st.sampled_from([*words, *known]) | JUNK).map(lambda value: {"": value})
    if "any" in shape:
        return st.one_of([values(each, known) for each in shape["any"]])
    if "list" in shape:
        return values(shape["list"], known).map(lambda inner: {f"[0]{name}": value for name, value in inner.items()})
    if "map" in shape:
        return st.dictionaries(st.sampled_from(["a", "k" * 41, "ü"]), JUNK, max_size=2).map(
            lambda pairs: {f"[{name}]": value for name, value in pairs.items()}
        )
    return fields(shape, known).map(lambda form: {f"[{name}]": value for name, value in form.items()} or {"": ""})


def fields(shape, known, names=None):
    chosen = {name: inner for name, inner in shape["fields"].items() if names is None or name in names}

    def flat(parts):
        return {
            (f"{name}{rest}" if not rest or rest.startswith("[") else f"{name}[{rest}]"): value
            for name, inner in parts.items()
            for rest, value in inner.items()
        }

    if not chosen:
        return st.just({})
    picked = st.sets(st.sampled_from(sorted(chosen)), max_size=5)
    needed = set(shape.get("required", ())) & set(chosen)
    return picked.flatmap(
        lambda some: st.fixed_dictionaries({name: values(chosen[name], known) for name in sorted(some | needed)}).map(
            flat
        )
    )


@pytest.fixture
def lived_in(account):
    """An account with one of everything; returns the ids that there are."""
    row = account.subscription()
    session = account.session(customer=row.customer)
    portal = account.portal(row.customer)
    endpoint = account.v1.webhook_endpoints.create({"url": "https://app.example/", "enabled_events": ["*"]})
    method = account.v1.customers.retrieve(row.customer).invoice_settings.default_payment_method
    price = row.items.data[0].price
    return [
        row.id,
        row.customer,
        row.latest_invoice,
        session.id,
        portal.configuration,
        endpoint.id,
        method,
        price.id,
        price.product,
    ]


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_no_form_makes_the_sandbox_fail(account, lived_in, data):
    line, takes = data.draw(st.sampled_from(ROUTES))
    method, template = line.split(" ")
    path = template
    while "{" in path:
        name = path[path.index("{") : path.index("}") + 1]
        path = path.replace(name, quote(data.draw(st.sampled_from([*lived_in, "nothing", "..x", "é"])), safe=""), 1)
    names = None if takes is None or data.draw(st.booleans()) else set(takes.split())
    form = data.draw(fields(described(line), lived_in, names))
    headers = {"Authorization": f"Bearer {account.key}"}
    url = f"{account.box.stripe_url}{path}"
    where = {"params": form} if method in {"GET", "DELETE"} else {"data": form}
    if template.startswith("/v2/") and method == "POST":
        where = {"json": form}
    answer = account.http.request(method, url, headers=headers, **where)
    assert answer.status_code in {200, 400, 402, 404}, (line, form, answer.text)
    assert (answer.status_code == 200) != ("error" in answer.json())


@pytest.mark.parametrize("path", ["/c/pay/{session}", "/c/pay/{session}/authenticate", "/p/session/x", "/p/login/x", "/i/x", "/i/x/authenticate/y", "/c/pay/x/authenticate"])  # fmt: skip
@pytest.mark.parametrize(
    "body", [b"", b"number=%ff", b"decision=pass&decision=fail", b"=", b"number=" + b"4" * 5_000, b"{}"]
)
def test_no_form_makes_a_page_fail(account, path, body):
    url = f"{account.box.stripe_url}{path.format(session=account.session().id)}"
    for answer in (account.http.get(url), account.http.post(url, content=body)):
        assert answer.status_code in {200, 303, 404, 410}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"name": {}}',
        b'{"name": "A", "type": "webhook_endpoint", "event_payload": "thin", "enabled_events": "x"}',
    ],
)
def test_wrong_bodies_of_the_second_generation_are_refused(account, body):
    headers = {"Authorization": f"Bearer {account.key}", "Content-Type": "application/json"}
    answer = account.http.post(f"{account.box.stripe_url}/v2/core/event_destinations", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_texts_and_toggles_of_checkout_come_back_as_they_were_sent(account):
    session = account.session(
        consent_collection={"terms_of_service": "required"},
        custom_text={"submit": {"message": "Thank you"}},
        phone_number_collection={"enabled": True},
        allow_promotion_codes=True,
        locale="auto",
        integration_identifier="attibooks_abcdefgh",
        payment_method_collection="if_required",
    )
    assert session.consent_collection.terms_of_service == "required"
    assert session.custom_text.submit.message == "Thank you"
    assert session.phone_number_collection.enabled is True
    assert (session.locale, session.integration_identifier) == ("auto", "attibooks_abcdefgh")


@pytest.mark.parametrize("host", ['"><script>alert(1)</script>', "a b", "x/y", "evil.example:80/stripe"])
def test_a_strange_host_gets_into_no_link(account, host):
    url, headers = f"{account.box.stripe_url}/v1/customers", {"Authorization": f"Bearer {account.key}", "Host": host}
    account.http.get(url, headers=headers)
    assert account.session().url.startswith(f"{account.box.stripe_url}/c/pay/")


@pytest.mark.parametrize("address", ["javascript:alert(1)", "//evil.example", "http://", "data:text/html,x"])
def test_addresses_that_a_browser_is_sent_to_are_of_the_web(account, address):
    customer = account.customer().id
    account.portal(customer)
    error = account.refused("POST", "/v1/billing_portal/sessions", {"customer": customer, "return_url": address})
    assert (error["param"], error["code"]) == ("return_url", "url_invalid")
    form = {"features[invoice_history][enabled]": "true", "default_return_url": address}
    assert account.refused("POST", "/v1/billing_portal/configurations", form)["param"] == "default_return_url"


def test_pages_of_a_customer_that_is_gone_are_closed(account):
    clock = account.v1.test_helpers.test_clocks.create({"frozen_time": 1_795_000_000})
    customer = account.customer(test_clock=clock.id).id
    session, portal = account.session(customer=customer), account.portal(customer)
    account.v1.test_helpers.test_clocks.delete(clock.id)
    assert account.pay(session).status_code == 410
    assert account.http.get(portal.url).status_code == 404
    assert account.v1.customers.list({"test_clock": clock.id}).data == []
    assert account.v1.checkout.sessions.retrieve(session.id).status == "open"
