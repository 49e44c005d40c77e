"""The door of Stripe: keys, versions, parameters, idempotency, errors, rates (reference: Stripe billing, §1)."""

import base64
import json
import threading

import httpx
import pytest


def test_the_way_in_is_a_key_and_an_empty_account(account):
    assert account.key.startswith("sk_test_")
    assert account.secret.startswith("whsec_")
    assert account.v1.customers.list().data == []
    assert account.v1.products.list().data == []


def test_a_call_without_a_key_is_told_how_to_send_one(account, http):
    answer = http.get(f"{account.box.stripe_url}/v1/customers")
    assert answer.status_code == 401
    assert answer.json()["error"]["message"].startswith("You did not provide an API key.")
    assert answer.headers["request-id"].startswith("req_")


def test_the_key_may_come_by_basic_authentication(account, http):
    basic = base64.b64encode(f"{account.key}:".encode()).decode()
    answer = http.get(f"{account.box.stripe_url}/v1/customers", headers={"Authorization": f"Basic {basic}"})
    assert answer.status_code == 200
    broken = http.get(
        f"{account.box.stripe_url}/v1/customers", headers={"Authorization": "Basic \xff".encode("latin-1")}
    )
    assert broken.status_code == 401


@pytest.mark.parametrize(
    ("key", "code"), [("sk_test_nobody000000000000", None), ("pk_test_nobody0000", "secret_key_required"), ("sk", None)]
)
def test_a_wrong_key_is_refused_and_never_repeated_in_full(account, key, code):
    error = account.refused("GET", "/v1/customers", status=401, key=key)
    assert error.get("code") == code
    assert key not in error["message"]


def test_a_restricted_key_may_do_what_it_was_made_for(account):
    key = account.box.token("stripe", scopes=["customers:write", "prices:read"])
    assert key.startswith("rk_test_")
    account.call("POST", "/v1/customers", key=key)
    account.call("GET", "/v1/customers", key=key)
    account.call("GET", "/v1/prices", key=key)
    error = account.refused("POST", "/v1/prices", status=403, key=key)
    assert "prices:write" in error["message"]
    with pytest.raises(account.library.PermissionError):
        account.open(key).v1.events.list()


def test_a_key_can_be_switched_off_and_can_run_out(account):
    account.box.token("stripe", access_token=account.key, active=False)
    assert account.refused("GET", "/v1/customers", status=401)["code"] == "api_key_expired"
    short = account.box.token("stripe", expires_in=60)
    account.call("GET", "/v1/customers", key=short)
    account.box.clock.advance(61)
    with pytest.raises(account.library.AuthenticationError):
        account.open(short).v1.customers.list()


def test_an_unknown_address_is_told_as_stripe_tells_it(account):
    error = account.refused("GET", "/v1/meters_of_gold", status=404)
    assert error["message"].startswith("Unrecognized request URL (GET: /v1/meters_of_gold).")
    assert account.refused("PUT", "/v1/customers", status=404)["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("form", "param", "code", "message"),
    [
        ({"nickname": "A"}, "nickname", "parameter_unknown", "Received unknown parameter: nickname"),
        ({"a": "1", "b": "2"}, "a", "parameter_unknown", "Received unknown parameters: a, b"),
        ({"address[planet]": "Earth"}, "address[planet]", "parameter_unknown", "Received unknown parameter: address[planet]"),
        ({"balance": "ten"}, "balance", "parameter_invalid_integer", "Invalid integer: ten"),
        ({"tax_exempt": "maybe"}, "tax_exempt", None, "Invalid tax_exempt: must be one of exempt, none, or reverse"),
        ({"address": "Berlin"}, "address", None, "Invalid object"),
        ({"preferred_locales": "de"}, "preferred_locales", None, "Invalid array"),
        ({"email": "nobody"}, "email", "email_invalid", "Invalid email address: nobody"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_refused_by_name(account, form, param, code, message):
    error = account.refused("POST", "/v1/customers", form)
    assert (error.get("param"), error.get("code"), error["message"]) == (param, code, message)
    assert account.v1.customers.list().data == []


def test_a_parameter_that_must_be_there_is_missed(account):
    error = account.refused("POST", "/v1/products")
    assert (error["message"], error["code"], error["param"]) == (
        "Missing required param: name.",
        "parameter_missing",
        "name",
    )
    assert account.refused("POST", "/v1/products", {"name": ""})["code"] == "parameter_invalid_empty"


def test_what_stripe_takes_and_the_sandbox_does_not_emulate_is_said_so(account):
    error = account.refused("POST", "/v1/customers", {"balance": "100"})
    assert error["message"] == "The sandbox does not emulate the parameter balance."


def test_unknown_parameters_of_reads_are_refused_too(account):
    customer = account.customer()
    assert account.refused("GET", f"/v1/customers/{customer.id}", {"usage[0]": "x"})["code"] == "parameter_unknown"
    assert account.refused("DELETE", f"/v1/customers/{customer.id}", {"really": "1"})["code"] == "parameter_unknown"


def test_a_body_that_is_no_form_is_refused(account, http):
    url, headers = f"{account.box.stripe_url}/v1/customers", {"Authorization": f"Bearer {account.key}"}
    answer = http.post(url, json={"name": "Acme"}, headers=headers)
    assert answer.status_code == 400
    assert "application/x-www-form-urlencoded" in answer.json()["error"]["message"]


@pytest.mark.parametrize("body", [b"metadata[", b"a[b]c=1", b"%ff=%ff", b"[]=1", b"metadata[a][b][c]=1", b"=" * 50])
def test_forms_that_make_no_sense_are_refused(account, http, body):
    headers = {"Authorization": f"Bearer {account.key}", "Content-Type": "application/x-www-form-urlencoded"}
    answer = http.post(f"{account.box.stripe_url}/v1/customers", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_brackets_come_plain_and_encoded(account, http):
    headers = {"Authorization": f"Bearer {account.key}", "Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"metadata[a]=1&preferred_locales[0]=de", b"metadata%5Ba%5D=1&preferred_locales%5B%5D=de"):
        made = http.post(f"{account.box.stripe_url}/v1/customers", content=body, headers=headers).json()
        assert (made["metadata"], made["preferred_locales"]) == ({"a": "1"}, ["de"])


# metadata


def test_metadata_is_merged_and_taken_away_key_by_key(account):
    customer = account.customer(metadata={"a": "1", "b": "2"})
    assert account.v1.customers.update(customer.id, {"metadata": {"b": "", "c": "3"}}).metadata.to_dict() == {
        "a": "1",
        "c": "3",
    }
    assert account.v1.customers.update(customer.id, {"metadata": ""}).metadata.to_dict() == {}


@pytest.mark.parametrize(
    "metadata", [{f"k{n}": "v" for n in range(51)}, {"k" * 41: "v"}, {"k": "v" * 501}], ids=["keys", "key", "value"]
)
def test_metadata_has_limits(account, metadata):
    with pytest.raises(account.library.InvalidRequestError, match=r"(?i)metadata"):
        account.customer(metadata=metadata)


# versions


def test_an_answer_names_its_version(account):
    assert account.call("GET", "/v1/customers").headers["stripe-version"] == "2026-10-28.endive"
    older = account.call("GET", "/v1/customers", Stripe_Version="2026-08-26.dahlia")
    assert older.headers["stripe-version"] == "2026-08-26.dahlia"
    error = account.refused("GET", "/v1/customers", Stripe_Version="2026-13-01.fennel")
    assert error["message"] == "Invalid Stripe API version: 2026-13-01.fennel"


def test_before_basil_the_period_stood_on_the_subscription(account):
    row = account.subscription()
    path = f"/v1/subscriptions/{row.id}"
    now, old = account.call("GET", path).json(), account.call("GET", path, Stripe_Version="2024-06-20").json()
    assert "current_period_end" not in now
    assert old["current_period_end"] == now["items"]["data"][0]["current_period_end"]
    assert "current_period_end" not in old["items"]["data"][0]


def test_before_basil_an_invoice_named_its_subscription_itself(account):
    row = account.subscription()
    path = f"/v1/invoices/{row.latest_invoice}"
    assert account.call("GET", path).json()["parent"]["subscription_details"]["subscription"] == row.id
    old = account.call("GET", path, Stripe_Version="2025-02-24.acacia").json()
    assert (old["subscription"], old["paid"], "parent" in old) == (row.id, True, False)


def test_before_clover_subscriptions_were_classic(account):
    form = {"customer": account.customer("pm_card_visa").id, "items[0][price]": account.price().id}
    assert account.call("POST", "/v1/subscriptions", form).json()["billing_mode"]["type"] == "flexible"
    old = account.call("POST", "/v1/subscriptions", form, Stripe_Version="2025-08-27.basil").json()
    assert old["billing_mode"]["type"] == "classic"


def test_the_list_of_payment_methods_went_away_in_endive(account):
    form = {
        "mode": "subscription",
        "line_items[0][price]": account.price().id,
        "success_url": "https://app.example/",
        "payment_method_types[0]": "card",
    }
    error = account.refused("POST", "/v1/checkout/sessions", form)
    assert error["param"] == "payment_method_types"
    older = dict(form)
    older.pop("payment_method_types[0]")
    account.call("POST", "/v1/checkout/sessions", older, Stripe_Version="2026-08-26.dahlia")


# lists and expansion


def test_lists_are_paged_by_ids_the_newest_first(account):
    made = [account.customer(name=f"C{n}").id for n in range(5)]
    first = account.v1.customers.list({"limit": 2})
    assert ([row.id for row in first.data], first.has_more) == (made[:2:-1], True)
    second = account.v1.customers.list({"limit": 10, "starting_after": first.data[-1].id})
    assert ([row.id for row in second.data], second.has_more) == (made[2::-1], False)
    before = account.v1.customers.list({"limit": 2, "ending_before": made[0]})
    assert ([row.id for row in before.data], before.has_more) == ([made[2], made[1]], True)
    assert [row.id for row in account.v1.customers.list({"limit": 2}).auto_paging_iter()] == made[::-1]


@pytest.mark.parametrize(
    "form",
    [{"limit": "0"}, {"limit": "101"}, {"starting_after": "cus_x"}, {"starting_after": "a", "ending_before": "b"}],
)
def test_a_page_that_cannot_be_is_refused(account, form):
    assert account.refused("GET", "/v1/customers", form)["type"] == "invalid_request_error"


def test_references_are_expanded_where_they_are_asked_for(account):
    row = account.subscription()
    shown = account.v1.subscriptions.retrieve(
        row.id, {"expand": ["customer", "latest_invoice", "items.data.price.product", "default_payment_method"]}
    )
    assert shown.customer.email == "billing@acme.example"
    assert shown.latest_invoice.status == "paid"
    assert shown.items.data[0].price.product.name == "AttiBooks Pro"
    assert shown.default_payment_method is None
    listed = account.v1.subscriptions.list({"expand": ["data.customer"]})
    assert listed.data[0].customer.id == row.customer


@pytest.mark.parametrize("path", ["email", "nothing", "address.city", "a.b.c.d.e"])
def test_what_is_no_reference_is_not_expanded(account, path):
    customer = account.customer()
    error = account.refused("GET", f"/v1/customers/{customer.id}", {"expand[0]": path})
    assert "expand" in error["message"]


def test_an_object_that_is_not_there_is_404_with_its_code(account):
    error = account.refused("GET", "/v1/subscriptions/sub_x", status=404)
    assert error["message"] == "No such subscription: 'sub_x'"
    assert (error["code"], error["param"]) == ("resource_missing", "id")
    assert error["doc_url"] == "https://stripe.com/docs/error-codes/resource-missing"
    as_parameter = account.refused("POST", "/v1/subscriptions", {"customer": "cus_x", "items[0][price]": "price_x"})
    assert (as_parameter["code"], as_parameter["param"]) == ("resource_missing", "customer")


# idempotency


def test_the_same_key_gives_the_same_answer_and_says_so(account):
    first = account.call("POST", "/v1/customers", {"name": "Acme"}, Idempotency_Key="one")
    second = account.call("POST", "/v1/customers", {"name": "Acme"}, Idempotency_Key="one")
    assert second.content == first.content
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["original-request"] == first.headers["request-id"]
    assert len(account.v1.customers.list().data) == 1


def test_the_same_key_with_something_else_is_an_idempotency_error(account):
    account.call("POST", "/v1/customers", {"name": "Acme"}, Idempotency_Key="one")
    error = account.refused("POST", "/v1/customers", {"name": "Other"}, Idempotency_Key="one")
    assert error["type"] == "idempotency_error"
    error = account.refused("POST", "/v1/products", {"name": "Acme"}, Idempotency_Key="one")
    assert error["type"] == "idempotency_error"
    with pytest.raises(account.library.IdempotencyError):
        account.v1.customers.create({"name": "Third"}, {"idempotency_key": "one"})


def test_a_refused_call_leaves_its_key_free(account):
    account.refused("POST", "/v1/products", {"nome": "Pro"}, Idempotency_Key="one")
    assert account.call("POST", "/v1/products", {"name": "Pro"}, Idempotency_Key="one").json()["name"] == "Pro"


def test_a_declined_card_is_declined_again_with_its_key(account):
    form = {"customer": account.customer().id}
    first = account.refused(
        "POST", "/v1/payment_methods/pm_card_chargeDeclined/attach", form, status=402, Idempotency_Key="k"
    )
    again = account.call(
        "POST", "/v1/payment_methods/pm_card_chargeDeclined/attach", form, status=402, Idempotency_Key="k"
    )
    assert again.json()["error"] == first
    assert again.headers["idempotent-replayed"] == "true"


def test_a_key_is_forgotten_after_a_day(account):
    first = account.call("POST", "/v1/customers", Idempotency_Key="one").json()
    account.box.clock.advance(23 * 3600)
    assert account.call("POST", "/v1/customers", Idempotency_Key="one").json()["id"] == first["id"]
    account.box.clock.advance(3601)
    assert account.call("POST", "/v1/customers", Idempotency_Key="one").json()["id"] != first["id"]


def test_keys_that_are_too_long_are_refused(account):
    assert account.call("POST", "/v1/customers", Idempotency_Key="k" * 255).status_code == 200
    assert "255" in account.refused("POST", "/v1/customers", Idempotency_Key="k" * 256)["message"]


def test_two_calls_at_once_with_one_key_conflict(account):
    account.box.faults.add("stripe", "slow", method="POST", path="/v1/customers", seconds=0.4)
    url, headers = (
        f"{account.box.stripe_url}/v1/customers",
        {
            "Authorization": f"Bearer {account.key}",
            "Idempotency-Key": "one",
        },
    )
    slow = threading.Thread(target=lambda: httpx.post(url, headers=headers))
    slow.start()
    while not account.box.calls("stripe", "write"):
        pass
    error = account.refused("POST", "/v1/customers", status=409, Idempotency_Key="one")
    assert error["code"] == "idempotency_key_in_use"
    slow.join()
    assert account.call("POST", "/v1/customers", Idempotency_Key="one").headers["idempotent-replayed"] == "true"
    assert len(account.v1.customers.list().data) == 1


def test_a_lost_answer_is_found_again_by_the_librarys_own_retry(account):
    account.box.faults.add("stripe", "drop_after_commit", method="POST", path="/v1/customers")
    client = account.open(account.key, max_network_retries=2)
    customer = client.v1.customers.create({"name": "Acme"})
    assert [row.id for row in account.v1.customers.list().data] == [customer.id]


# faults, rates, log


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, "RateLimitError"),
        (500, "APIError"),
        (401, "AuthenticationError"),
        (403, "PermissionError"),
        (402, "CardError"),
    ],
)
def test_planted_statuses_look_like_stripes(account, status, error):
    account.box.faults.add("stripe", "status", path="/v1/customers", status=status)
    with pytest.raises(getattr(account.library, error)) as raised:
        account.v1.customers.list()
    assert raised.value.request_id.startswith("req_")
    assert account.v1.customers.list().data == []


def test_a_sandbox_takes_25_calls_a_second(account):
    account.box.limits(stripe=True)
    answers = [account.http.get(f"{account.box.stripe_url}/v1/customers", headers={"Authorization": f"Bearer {account.key}"})
               for _ in range(26)]  # fmt: skip
    assert [answer.status_code for answer in answers] == [200] * 25 + [429]
    assert answers[-1].json()["error"]["code"] == "rate_limit"
    account.box.clock.advance(1)
    account.call("GET", "/v1/customers")


def test_calls_are_logged_by_class_without_the_key(account):
    account.customer()
    account.v1.customers.list()
    assert account.box.counts()["stripe"] == {"read": 1, "write": 1}
    call = account.box.calls("stripe")[0]
    assert call["path"] == "/v1/customers"
    assert account.key not in json.dumps(call)


def test_a_reset_empties_the_account(account):
    account.subscription()
    account.box.reset()
    assert account.v1.customers.list().data == []
    assert account.v1.events.list().data == []


def test_the_state_shows_the_account(account):
    row = account.subscription()
    shown = account.box.state(service="stripe")
    assert shown["counts"]["stripe.subscriptions"] == 1
    assert shown["stripe"]["subscriptions"][0]["id"] == row.id
