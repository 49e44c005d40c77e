import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attibooks_core.errors import (
    AccountMismatch,
    AttiBooksError,
    InvalidDraft,
    PermissionMissing,
    RateLimited,
    ReconnectNeeded,
    Refused,
)
from attibooks_core.protocols import HttpReply
from attibooks_quickbooks.faults import NoAnswer, read_fault, reference_of, refusal_of, vendor_code, vendor_text
from attibooks_quickbooks.refusals import REFUSALS

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Fault", "fault", "Error", "error", "code", "Message", "Detail", "x"]), inner
        )
    ),
    max_leaves=20,
)


def reply(body, status=400, headers=None):
    return HttpReply(status, headers or {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def refusal(code, detail="", message="Sense", status=400):
    error = {"Message": message, "Detail": detail, "code": code}
    return refusal_of(reply({"Fault": {"Error": [error], "type": "ValidationFault"}}, status), NOW)


class TestReading:
    @given(st.binary(max_size=400))
    def test_no_bytes_make_the_parser_fail(self, body):
        read_fault(body)
        read_fault(b"Fault" + body)
        read_fault(b'<Fault><Error code="' + body + b'"></Error>')

    @given(JSON, st.integers(100, 599))
    def test_no_json_makes_the_translation_fail(self, body, status):
        refusal_of(reply(body, status), NOW)
        refusal_of(reply({"Fault": body}, status), NOW)
        refusal_of(reply({"fault": {"error": body}}, status), NOW)

    @given(st.text(max_size=60))
    def test_no_retry_after_makes_the_translation_fail(self, text):
        refusal_of(reply(b"", 429, {"retry-after": text}), NOW)

    @pytest.mark.parametrize("cut", range(0, 400, 7))
    def test_a_recorded_fault_may_be_cut_anywhere(self, sample, cut):
        body = json.dumps(sample("fault-401-expired-token-lowercase.2020")["body"]).encode()
        read_fault(body[:cut])

    @pytest.mark.parametrize("depth", [10_000, 200_000])
    def test_deep_nesting_is_no_fault(self, depth):
        assert read_fault(b'{"Fault":' + b"[" * depth) is None

    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("fault-2010-unknown-property.2020", 2010),
            ("fault-2030-non-numeric-id.2020", 2030),
            ("fault-4001-unknown-entity.2020", 4001),
            ("fault-401-expired-token-lowercase.2020", 3200),
            ("fault-429-throttle.2016", 3001),
            ("fault-500-unknown-path.2020", 500),
            ("fault-6240-duplicate-name.2020", 6240),
        ],
    )
    def test_recorded_faults_give_their_code(self, sample, name, code):
        assert read_fault(json.dumps(sample(name)["body"]).encode()).code == code

    def test_faults_of_a_batch_are_told_by_code(self, sample):
        items = sample("batch-partial-faults.2020")["body"]["BatchItemResponse"]
        codes = {read_fault(json.dumps(item).encode()).code for item in items if "Fault" in item}
        assert codes == {610, 5010}

    def test_the_recorded_xml_gives_its_code_and_texts(self, sample):
        fault = read_fault(sample("fault-429-throttle.2016")["xml"].encode())
        assert (fault.code, fault.detail) == (3001, "The request limit was reached.  Try again later")

    def test_xml_entities_are_read(self):
        body = b'\n<?xml version="1.0"?><r><Fault><Error code="6000"><Detail>a &lt;b&gt; &amp; c</Detail></Error></Fault></r>'
        assert read_fault(body).detail == "a <b> & c"

    def test_html_is_no_fault(self):
        assert read_fault(b"<html><title>Default page</title><h1>502 Bad Gateway</h1></html>") is None

    def test_a_memo_that_looks_like_a_fault_is_none(self):
        memo = '<Fault><Error code="6000"><Message>x</Message></Error></Fault> {"Fault": {"Error": []}}'
        assert read_fault(json.dumps({"Invoice": {"Id": "1", "CustomerMemo": {"value": memo}}}).encode()) is None

    def test_a_null_fault_is_none(self):
        assert read_fault(b'{"fault": null, "Fault": null}') is None

    def test_codes_may_be_numbers_padded_or_only_in_the_message(self):
        entry = {"message": "message=AuthenticationFailed; errorCode=003200; statusCode=401", "code": None}
        assert read_fault(json.dumps({"fault": {"error": [entry]}}).encode()).code == 3200
        assert read_fault(b'{"Fault": {"Error": [{"code": 6240}]}}').code == 6240
        assert read_fault(b'{"Fault": {"Error": [{"code": "003001"}]}}').code == 3001
        assert read_fault(b'{"Fault": {"Error": [{"code": "\xd9\xa3"}]}}').code is None

    def test_of_several_entries_the_known_one_counts(self):
        entries = [{"code": "2000", "Message": "generic"}, {"code": "6240", "Message": "name"}]
        assert read_fault(json.dumps({"Fault": {"Error": entries}}).encode()).code == 6240

    def test_the_trace_id_is_found_in_both_spellings(self):
        assert reference_of({"intuit_tid": "a"}) == "a"
        assert reference_of({"intuit-tid": "b"}) == "b"
        assert reference_of({}) is None


class TestOurWords:
    @pytest.mark.parametrize("code", sorted(REFUSALS))
    def test_every_known_code_says_what_failed_and_what_to_do(self, code):
        error = refusal(str(code), "VENDOR TEXT")
        assert isinstance(error, AttiBooksError)
        assert "VENDOR" not in error.message
        assert error.message.count(". ") >= 1
        assert error.message.endswith(".")
        assert vendor_code(error) == str(code)

    @pytest.mark.parametrize(
        ("code", "kind", "field"),
        [
            ("3200", ReconnectNeeded, None),
            ("100", ReconnectNeeded, None),
            ("3100", AccountMismatch, None),
            ("120", PermissionMissing, None),
            ("5020", Refused, None),
            ("6190", Refused, None),
            ("6240", InvalidDraft, "customer_name"),
            ("2210", InvalidDraft, "customer_email"),
            ("6200", InvalidDraft, "invoice_date"),
            ("6210", InvalidDraft, "invoice_date"),
            ("6070", InvalidDraft, "rate"),
            ("6100", InvalidDraft, "default_tax_code"),
        ],
    )
    def test_the_class_says_who_can_mend_it(self, code, kind, field):
        error = refusal(code)
        assert type(error) is kind
        assert [p.field for p in error.problems] == ([field] if field else [])

    @pytest.mark.parametrize(
        ("status", "kind"), [(401, ReconnectNeeded), (403, AccountMismatch), (429, RateLimited), (404, Refused)]
    )
    def test_without_a_code_the_status_counts(self, status, kind):
        assert type(refusal_of(reply(b"<html>no</html>", status), NOW)) is kind

    def test_codes_count_and_never_texts(self):
        texts = "Nom en double : le nom fourni existe déjà. ThrottleExceeded Token expired"
        assert type(refusal("6240", texts, texts)) is InvalidDraft
        assert type(refusal("2020", texts, texts)) is Refused

    def test_a_business_rule_shows_the_vendors_reason_and_our_step(self):
        detail = (
            "Business Validation Error: The currency of the transaction is invalid for customer / vendor / account."
        )
        error = refusal("6000", detail)
        assert type(error) is Refused
        assert "The currency of the transaction is invalid for customer / vendor / account." in error.message
        assert "Business Validation Error" not in error.message
        assert error.problems[0].field == "currency"
        vat = refusal("6000", "Make sure all your transactions have a VAT rate before you save.")
        assert vat.problems[0].field == "default_tax_code"
        assert "settings section 7" in vat.message

    def test_a_business_rule_in_another_language_keeps_its_class(self):
        error = refusal("6000", "Erreur de validation métier : la devise n'est pas valable")
        assert type(error) is Refused
        assert "la devise n'est pas valable. Correct it in QuickBooks" in error.message
        assert error.problems == ()

    def test_a_fault_without_a_code_is_told_with_its_status(self):
        error = refusal_of(reply({"Fault": {"Error": [{"Message": "Odd"}]}}), NOW)
        assert (error.message, error.details) == ("[400] Odd", {})

    def test_xml_may_lack_its_texts(self):
        assert read_fault(b'<Fault><Error code="7"></Error></Fault>').message == ""

    def test_an_unknown_code_is_told_as_the_vendor_words_it(self):
        error = refusal("7777", "No such luck", "Odd")
        assert (type(error), error.code, error.message) == (Refused, "accounting_refused", "[7777] Odd: No such luck")
        assert error.details == {"vendor_code": "7777"}

    def test_markup_json_and_length_are_trimmed_from_the_vendors_text(self):
        error = refusal("7777", '<b>x</b> {"a": [1]} ' + "long " * 200, "Odd\nline")
        assert len(error.message) <= 500
        assert not set('<>{}"\n') & set(error.message)

    @given(st.text(max_size=3000))
    def test_shown_text_is_always_short_and_plain(self, text):
        shown = vendor_text(text)
        assert len(shown) <= 200
        assert not set("<>{}[]\n\t") & set(shown)

    def test_no_reason_at_all_is_said_so(self):
        error = refusal_of(reply(b"", 404, {"intuit_tid": "t"}), NOW)
        assert "status 404" in error.message
        assert error.reference == "t"

    def test_a_duplicate_number_names_the_other_transaction(self):
        detail = "Numéro de document en double ... DocNumber=1043 TxnType=Facture est attribué à TxnId=266"
        assert refusal("6140", detail).details == {"vendor_code": "6140", "transaction_id": "266"}


class TestOutcome:
    def test_a_good_answer_refuses_nothing(self, sample):
        body = json.dumps(sample("invoice-create.2026")["body"], default=str)
        assert refusal_of(reply(body.encode(), 200), NOW) is None

    def test_a_fault_inside_200_counts(self):
        assert type(refusal("6240", status=200)) is InvalidDraft

    @pytest.mark.parametrize("status", [301, 408, 500, 502, 503, 504])
    def test_failures_of_the_server_leave_the_end_open(self, status):
        assert type(refusal_of(reply(b"<html/>", status), NOW)) is NoAnswer

    @pytest.mark.parametrize("code", ["10000", "1010"])
    def test_a_failure_inside_quickbooks_leaves_the_end_open(self, code):
        assert type(refusal(code, "System Failure Error", status=200)) is NoAnswer

    def test_a_fault_inside_200_that_says_nothing_leaves_the_end_open(self):
        assert type(refusal_of(reply({"Fault": {}}, 200), NOW)) is NoAnswer

    @pytest.mark.parametrize(("status", "code"), [(403, "3001"), (400, "3001"), (429, "3001"), (200, "429")])
    def test_throttles_come_in_any_status(self, status, code):
        assert type(refusal(code, status=status)) is RateLimited

    @pytest.mark.parametrize(
        ("asked", "seconds"),
        [("7", 7.0), ("Mon, 23 Nov 2026 09:00:30 GMT", 30.0), ("999999999", 3600.0), ("soon", None), ("", None)],
    )
    def test_the_wait_may_be_seconds_or_a_date(self, asked, seconds):
        assert refusal_of(reply(b"", 429, {"retry-after": asked}), NOW).retry_after == seconds
