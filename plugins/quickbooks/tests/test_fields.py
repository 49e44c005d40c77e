import json

import pytest

from attibooks_core.errors import InvalidDraft
from attibooks_quickbooks.backend import QuickBooksBackend

BUILT_IN = {
    "CustomerMemo": ("text", 1000, "memo"),
    "TxnDate": ("date", 10, "invoice_date"),
    "DueDate": ("date", 10, "due_date"),
    "DocNumber": ("text", 21, None),
    "SalesTermRef": ("reference", 31, None),
    "ClassRef": ("reference", 500, None),
    "DepartmentRef": ("reference", 500, None),
    "ServiceDate": ("date", 10, None),
    "BillAddr": ("address", 2505, None),
    "ShipAddr": ("address", 2505, None),
    "ShipDate": ("date", 10, None),
    "TrackingNum": ("text", 31, None),
    "ShipMethodRef": ("text", 100, None),
}


def named(*names, unused=()):
    """Custom fields as preferences write them; None is one without a name."""
    numbered = list(enumerate(names, start=1))
    uses = [{"Name": f"SalesFormsPrefs.UseSalesCustom{n}", "BooleanValue": n not in unused} for n, _ in numbered]
    titles = [{"Name": f"SalesFormsPrefs.SalesCustomName{n}", "StringValue": name} for n, name in numbered if name]
    return [{"CustomField": uses}, {"CustomField": titles}]


@pytest.fixture
def books(company):
    """A company that has everything turned on."""
    company.preferences["SalesFormsPrefs"] = {"CustomTxnNumbers": True, "CustomField": named("PO Number", "Crew #")}
    company.preferences["AccountingInfoPrefs"] = {
        "ClassTrackingPerTxn": True,
        "ClassTrackingPerTxnLine": False,
        "TrackDepartments": True,
    }
    company.rows |= {
        "FROM Term": [{"Id": "3", "Name": "Net 30", "Active": True}],
        "FROM Class": [
            {"Id": "10", "Name": "Design", "FullyQualifiedName": "Design"},
            {"Id": "11", "Name": "Web", "FullyQualifiedName": "Design:Web"},
            {"Id": "12", "Name": "Web", "FullyQualifiedName": "Print:Web"},
            {"Id": "13", "Name": "Old", "Active": False},
        ],
        "FROM Department": [{"Id": "20", "Name": "Berlin", "FullyQualifiedName": "Berlin"}],
    }
    return company


@pytest.fixture
def sent(books, workspace, draft, create):
    """The invoice in the books, by mapped fields."""

    async def go(**fields):
        await create(workspace(), draft(fields=fields))
        return books.calls("POST", "invoice")[-1].json()

    return go


@pytest.fixture
def obstacles(books, backend, workspace, draft):
    """What is in the way of mapped fields."""

    async def go(**fields):
        with pytest.raises(InvalidDraft) as caught:
            await backend.resolve(workspace(), draft(fields=fields))
        assert {p.field for p in caught.value.problems} == {"field_map"}
        assert all(p.message.endswith(".") and p.fix.endswith(".") for p in caught.value.problems)
        return caught.value.problems

    return go


class TestWhatCanBeMapped:
    def test_the_fixed_fields_with_their_types(self):
        assert {f.name: (f.type, f.max_length, f.part) for f in QuickBooksBackend.mappable} == BUILT_IN

    async def test_the_companys_own_fields_come_on_top_by_their_names(self, backend, books, workspace):
        facts = await backend.company(workspace())
        assert facts.fields[: len(BUILT_IN)] == QuickBooksBackend.mappable
        own = [(f.name, f.type, f.max_length) for f in facts.fields[len(BUILT_IN) :]]
        assert own == [("PO Number", "text", 31), ("Crew #", "text", 31)]

    async def test_what_is_not_in_use_or_has_no_name_cannot_be_mapped(self, backend, books, workspace):
        books.preferences["SalesFormsPrefs"]["CustomField"] = named("PO Number", None, "Crew #", unused={1})
        assert [f.name for f in (await backend.company(workspace())).fields[len(BUILT_IN) :]] == ["Crew #"]

    async def test_a_custom_field_takes_no_name_of_a_fixed_one(self, backend, books, workspace):
        books.preferences["SalesFormsPrefs"]["CustomField"] = named("ClassRef", "PO Number", "PO Number")
        assert [f.name for f in (await backend.company(workspace())).fields[len(BUILT_IN) :]] == ["PO Number"]

    async def test_recorded_preferences_are_understood(self, backend, company, workspace, sample):
        company.preferences = sample("preferences-query.2019")["body"]["QueryResponse"]["Preferences"][0]
        facts = await backend.company(workspace())
        assert facts.fields == QuickBooksBackend.mappable
        assert (facts.extra["class_per_line"], facts.extra["locations"]) == (False, False)

    @pytest.mark.parametrize("odd", [None, [], [{}], [{"CustomField": None}], [{"CustomField": [{"Name": "x"}]}]])
    async def test_odd_preferences_have_no_fields(self, backend, company, workspace, odd):
        company.preferences["SalesFormsPrefs"] = {"CustomField": odd}
        assert (await backend.company(workspace())).fields == QuickBooksBackend.mappable


class TestWhatIsSent:
    async def test_everything_at_once(self, sent):
        invoice = await sent(
            **{
                "Crew #": "7",
                "PO Number": "PO-88",
                "DocNumber": "2026-001",
                "SalesTermRef": "Net 30",
                "ClassRef": "design",
                "DepartmentRef": "20",
                "ServiceDate": "2026-11-01",
                "BillAddr": "Acme GmbH\n\n Hauptstr. 1 \n10115 Berlin",
                "ShipAddr": "Tor 3",
                "ShipDate": "2026-12-01",
                "TrackingNum": "1Z999",
                "ShipMethodRef": "UPS",
            }
        )
        assert invoice["CustomField"] == [
            {"DefinitionId": "1", "Name": "PO Number", "Type": "StringType", "StringValue": "PO-88"},
            {"DefinitionId": "2", "Name": "Crew #", "Type": "StringType", "StringValue": "7"},
        ]
        assert (invoice["DocNumber"], invoice["TrackingNum"], invoice["ShipDate"]) == (
            "2026-001",
            "1Z999",
            "2026-12-01",
        )
        assert (invoice["SalesTermRef"], invoice["ClassRef"]) == ({"value": "3"}, {"value": "10"})
        assert (invoice["DepartmentRef"], invoice["ShipMethodRef"]) == ({"value": "20"}, {"value": "UPS"})
        assert invoice["BillAddr"] == {"Line1": "Acme GmbH", "Line2": "Hauptstr. 1", "Line3": "10115 Berlin"}
        assert invoice["ShipAddr"] == {"Line1": "Tor 3"}
        assert invoice["Line"][0]["SalesItemLineDetail"]["ServiceDate"] == "2026-11-01"
        assert "ServiceDate" not in invoice
        assert "ClassRef" not in invoice["Line"][0]["SalesItemLineDetail"]

    async def test_a_company_with_classes_on_lines_has_it_on_each_line(self, books, workspace, draft, create):
        books.preferences["AccountingInfoPrefs"] = {"ClassTrackingPerTxn": False, "ClassTrackingPerTxnLine": True}
        await create(workspace(), draft(("1", "1"), ("2", "2"), fields={"ClassRef": "Design"}))
        invoice = books.calls("POST", "invoice")[0].json()
        assert [row["SalesItemLineDetail"]["ClassRef"] for row in invoice["Line"]] == [{"value": "10"}] * 2
        assert "ClassRef" not in invoice

    async def test_a_blank_field_is_not_sent(self, books, sent):
        invoice = await sent(ShipDate="", TrackingNum=" \n ", ClassRef=" ", SomethingElse="")
        assert not {"ShipDate", "TrackingNum", "ClassRef"} & set(invoice)
        assert not any("FROM Class" in s for s in books.statements)

    async def test_texts_are_cleaned_of_what_json_cannot_carry(self, sent):
        assert (await sent(TrackingNum=" 1Z\ud8009\x00 "))["TrackingNum"] == "1Z9"

    async def test_fields_stand_in_one_order_whatever_the_draft_says(self, backend, books, workspace, draft):
        ws, facts = workspace(), await backend.company(workspace())
        fields = {"TrackingNum": "1Z", "DocNumber": "7", "Crew #": "a", "PO Number": "b"}
        there = draft(fields=fields)
        back = draft(fields=dict(reversed(fields.items())))
        plans = [backend.plan(ws.settings, d, facts, await backend.resolve(ws, d), "m") for d in (there, back)]
        assert plans[0].requests == plans[1].requests

    async def test_a_second_invoice_reads_no_list_again(self, books, sent):
        for _ in range(2):
            await sent(ClassRef="Design", SalesTermRef="Net 30", DepartmentRef="Berlin")
        assert len([s for s in books.statements if "Class" in s or "Term" in s or "Department" in s]) == 3

    async def test_a_list_of_more_than_a_page_is_read_to_its_end(self, books, sent):
        first = [{"Id": str(n), "Name": f"Class {n}"} for n in range(100, 1100)]
        books.rows["FROM Class"] = lambda s: first if "STARTPOSITION 1 " in s else [{"Id": "9", "Name": "Zebra"}]
        assert (await sent(ClassRef="Zebra"))["ClassRef"] == {"value": "9"}

    async def test_an_entry_below_another_is_found_by_its_full_name_or_its_id(self, sent):
        assert (await sent(ClassRef="Print:Web"))["ClassRef"] == {"value": "12"}
        assert (await sent(ClassRef="11"))["ClassRef"] == {"value": "11"}


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("fields", "code", "words"),
        [
            ({"ClassRef": "Desing"}, "unknown_class", "Did you mean “Design”? Correct it on the record."),
            ({"ClassRef": "Zzz"}, "unknown_class", "Choose one on the record: Design, Design:Web, Print:Web."),
            ({"ClassRef": "Old"}, "unknown_class", "on the record"),
            ({"ClassRef": "Web"}, "several_class", "Give the id or the full name of one on the record."),
            ({"DepartmentRef": "Bonn"}, "unknown_location", "Choose one on the record: Berlin."),
            ({"SalesTermRef": "Net 31"}, "unknown_terms", "Did you mean “Net 30”?"),
            ({"DocNumber": "x" * 22}, "too_long", "Shorten it on the record."),
            ({"TrackingNum": "x" * 32}, "too_long", "Shorten it"),
            ({"PO Number": "x" * 32}, "too_long", "Shorten it"),
            ({"BillAddr": "1\n2\n3\n4\n5\n6"}, "too_long", "Shorten it"),
            ({"ShipAddr": "x" * 501}, "too_long", "Shorten it"),
            ({"ShipDate": "1.12.2026"}, "bad_date", "Enter a date"),
            ({"ServiceDate": "2026-02-30"}, "bad_date", "Enter a date"),
            ({"ServiceDate": "20261201"}, "bad_date", "Enter a date"),
            ({"PONumber": "7"}, "unknown_invoice_field", "Did you mean “PO Number”? Correct it in the field map."),
            ({"Zzz": "7"}, "unknown_invoice_field", "Choose one in the field map: BillAddr, ClassRef"),
            ({"DueDate": "2026-12-01"}, "unknown_invoice_field", "in the field map"),
        ],
    )
    async def test_each_says_what_to_do(self, obstacles, fields, code, words):
        (problem,) = await obstacles(**fields)
        assert problem.code == code
        assert words in problem.fix

    async def test_all_of_them_come_at_once(self, obstacles):
        found = await obstacles(ClassRef="Zzz", DepartmentRef="Zzz", ShipDate="soon", TrackingNum="x" * 32)
        assert sorted(p.code for p in found) == ["bad_date", "too_long", "unknown_class", "unknown_location"]

    async def test_nothing_that_is_too_long_is_ever_cut(self, books, obstacles):
        await obstacles(**{"Crew #": "x" * 32})
        assert books.calls("POST", "invoice") == []

    async def test_the_longest_values_are_fine(self, sent):
        invoice = await sent(**{"DocNumber": "x" * 21, "TrackingNum": "y" * 31, "Crew #": "z" * 31})
        assert (invoice["DocNumber"], invoice["TrackingNum"]) == ("x" * 21, "y" * 31)
        assert invoice["CustomField"][0]["StringValue"] == "z" * 31

    @pytest.mark.parametrize(
        ("field", "preferences", "code"),
        [
            ("DocNumber", {"SalesFormsPrefs": {"CustomTxnNumbers": False}}, "custom_numbers_off"),
            (
                "ClassRef",
                {"AccountingInfoPrefs": {"ClassTrackingPerTxn": False, "ClassTrackingPerTxnLine": False}},
                "classes_off",
            ),
            ("DepartmentRef", {"AccountingInfoPrefs": {"TrackDepartments": False}}, "locations_off"),
        ],
    )
    async def test_what_the_company_has_turned_off_says_where_to_turn_it_on(
        self, books, obstacles, field, preferences, code
    ):
        books.preferences |= preferences
        (problem,) = await obstacles(**{field: "Berlin"})
        assert (problem.code, problem.fix.startswith("Turn on ")) == (code, True)
        assert not any("FROM Class" in s or "FROM Department" in s for s in books.statements)

    async def test_what_was_turned_on_meanwhile_is_seen_after_a_minute(
        self, backend, books, workspace, draft, host, obstacles
    ):
        books.preferences["SalesFormsPrefs"] = {"CustomTxnNumbers": False}
        await obstacles(DocNumber="7")
        books.preferences["SalesFormsPrefs"] = {"CustomTxnNumbers": True}
        host.clock.move(61)
        found = await backend.resolve(workspace(), draft(fields={"DocNumber": "7"}))
        assert found.references["header"] == {"DocNumber": "7"}

    async def test_a_number_that_is_taken_is_quickbooks_refusal(self, books, sent, refused):
        """Row 109: a number that is taken (6140) is told, and no other is tried."""
        from attibooks_core.errors import Refused

        books.on("POST", "invoice", refused(6140, "Duplicate Document Number Error", "TxnId=266"))
        books.on("GET", "invoice/266", refused(610))
        with pytest.raises(Refused, match="already has the number"):
            await sent(DocNumber="7")


class TestFrozen:
    async def test_what_is_resolved_is_plain_data(self, backend, books, workspace, draft):
        fields = {"Crew #": "7", "BillAddr": "a\nb", "ClassRef": "Design", "ServiceDate": "2026-11-01"}
        references = (await backend.resolve(workspace(), draft(fields=fields))).references
        assert json.loads(json.dumps(references)) == references
