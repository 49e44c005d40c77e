"""Whatever happens in the books: sums agree. Whatever is sent: never a crash, and a refusal leaves no trace."""

import json
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

RELAXED = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)
AMOUNTS = st.integers(1, 20_000).map(lambda cents: cents / 100)
CUSTOMERS = st.sampled_from(["8", "9"])
PICKS = st.integers(0, 30)
STEPS = st.one_of(
    st.tuples(st.just("invoice"), CUSTOMERS, AMOUNTS),
    st.tuples(st.just("change"), PICKS, AMOUNTS),
    st.tuples(st.just("void"), PICKS),
    st.tuples(st.just("delete"), PICKS),
    st.tuples(st.just("pay"), CUSTOMERS, AMOUNTS, st.lists(st.tuples(PICKS, AMOUNTS), max_size=3)),
    st.tuples(st.just("repay"), PICKS, AMOUNTS, st.lists(st.tuples(PICKS, AMOUNTS), max_size=3)),
    st.tuples(st.just("unpay"), PICKS, st.sampled_from(["void", "delete"])),
)


class Bookkeeper:
    """Does steps over HTTP, refused or not, and then adds up."""

    def __init__(self, books):
        self.books = books

    def send(self, path, body, **parameters):
        headers = {"Authorization": f"Bearer {self.books.token}", "Accept": "application/json"}
        answer = self.books.http.post(f"{self.books.url}/{path}", json=body, params=parameters, headers=headers)
        assert answer.status_code in {200, 400}, answer.text

    def rows(self, entity):
        found = self.books.call("GET", "query", params={"query": f"select * from {entity} orderby Id maxresults 1000"})
        return json.loads(found.text, parse_float=Decimal)["QueryResponse"].get(entity, [])

    def pick(self, entity, number):
        rows = self.rows(entity)
        return rows[number % len(rows)] if rows else None

    def lines(self, parts):
        picked = {self.pick("Invoice", number)["Id"]: amount for number, amount in parts}
        return [
            {"Amount": amount, "LinkedTxn": [{"TxnId": txn, "TxnType": "Invoice"}]} for txn, amount in picked.items()
        ]

    def step(self, kind, *given):
        getattr(self, kind)(*given)

    def invoice(self, customer, amount):
        self.send("invoice", self.books.invoice_body(amount) | {"CustomerRef": {"value": customer}})

    def change(self, number, amount):
        row = self.pick("Invoice", number)
        body = {"Id": row["Id"], "SyncToken": row["SyncToken"], "sparse": True}
        self.send("invoice", body | {"Line": self.books.invoice_body(amount)["Line"]})

    def void(self, number, operation="void"):
        row = self.pick("Invoice", number)
        self.send("invoice", {"Id": row["Id"], "SyncToken": row["SyncToken"]}, operation=operation)

    def delete(self, number):
        self.void(number, "delete")

    def pay(self, customer, amount, parts):
        self.send("payment", {"CustomerRef": {"value": customer}, "TotalAmt": amount, "Line": self.lines(parts)})

    def repay(self, number, amount, parts):
        row = self.pick("Payment", number)
        body = {"Id": row["Id"], "SyncToken": row["SyncToken"], "CustomerRef": row["CustomerRef"], "TotalAmt": amount}
        self.send("payment", body | {"Line": self.lines(parts)})

    def unpay(self, number, way):
        row = self.pick("Payment", number)
        parameters = {"operation": "update", "include": "void"} if way == "void" else {"operation": "delete"}
        self.send("payment", {"Id": row["Id"], "SyncToken": row["SyncToken"], "sparse": True}, **parameters)


def check_sums(keeper):
    """Assert that balances are what invoices and payments make of them, and that links go both ways."""
    invoices, payments = keeper.rows("Invoice"), keeper.rows("Payment")
    paid, links = {}, set()
    for payment in payments:
        for line in payment["Line"]:
            invoice_id = line["LinkedTxn"][0]["TxnId"]
            paid[invoice_id] = paid.get(invoice_id, 0) + line["Amount"]
            links.add((invoice_id, payment["Id"]))
        assert payment["UnappliedAmt"] == payment["TotalAmt"] - sum(line["Amount"] for line in payment["Line"]) >= 0
    for invoice in invoices:
        assert invoice["Balance"] == invoice["TotalAmt"] - paid.get(invoice["Id"], 0) >= 0
    assert {(each["Id"], link["TxnId"]) for each in invoices for link in each["LinkedTxn"]} == links
    for customer in keeper.rows("Customer"):
        of = [
            sum((each[name] for each in rows if each["CustomerRef"]["value"] == customer["Id"]), Decimal(0))
            for rows, name in ((invoices, "Balance"), (payments, "UnappliedAmt"))
        ]
        assert customer["Balance"] == of[0] - of[1]


@RELAXED
@given(st.sampled_from(["refuse", "unlink"]), st.lists(STEPS, max_size=14))
def test_row_21_the_books_add_up_whatever_happens_in_them(box, books, void_paid, steps):
    box.reset()
    box.switch(void_paid=void_paid)
    keeper = Bookkeeper(books)
    for step in steps:
        keeper.step(*step)
    check_sums(keeper)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ITEM = st.dictionaries(
    st.sampled_from(["bId", "operation", "Query", "Invoice", "Customer", "Payment", "Bill", "Account", "Estimate"]),
    VALUES | st.sampled_from(["create", "update", "void", "delete", "send", "select * from Customer", {"Id": "1"}]),
    max_size=4,
)
ENTITIES = ["account", "term", "estimate", "salesreceipt", "payment", "taxservice/taxcode"]
FIELDS = [
    "Id", "SyncToken", "sparse", "Name", "AccountType", "AccountSubType", "ParentRef", "DueDays", "DayOfMonthDue", "Active",
    "CustomerRef", "Line", "TotalAmt", "TxnStatus", "TaxCode", "TaxRateDetails",
]  # fmt: skip


def check_untouched(box, books, path, body):
    company = box.app.world.quickbooks.companies["sandbox", books.realm]
    tables = [*company.lists.values(), company.invoices, company.payments, *company.forms.values()]
    before = [list(table) for table in tables]
    headers = {"Authorization": f"Bearer {books.token}", "Accept": "application/json"}
    answer = books.http.post(f"{books.url}/{path}", json=body, headers=headers)
    assert answer.status_code in {200, 400}
    if answer.status_code == 400:
        assert [list(table) for table in tables] == before


@RELAXED
@given(st.sampled_from(ENTITIES), st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=5))
def test_any_body_of_accounts_terms_forms_and_taxes(box, books, entity, body):
    check_untouched(box, books, entity, body)


@RELAXED
@given(st.lists(ITEM, max_size=4) | VALUES)
def test_any_batch(box, books, items):
    check_untouched(box, books, "batch", {"BatchItemRequest": items})


@RELAXED
@given(st.text(max_size=30), st.text(max_size=40) | st.datetimes().map(lambda moment: moment.isoformat()))
def test_any_question_for_changes(box, books, entities, since):
    headers = {"Authorization": f"Bearer {books.token}", "Accept": "application/json"}
    parameters = {"entities": entities or "Invoice", "changedSince": since}
    answer = books.http.get(f"{books.url}/cdc", params=parameters, headers=headers)
    assert answer.status_code in {200, 400}
