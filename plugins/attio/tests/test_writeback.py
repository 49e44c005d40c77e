import asyncio
from datetime import UTC, datetime

import pytest

from attibooks_core.errors import Down, NotFound, PermissionMissing, ReconnectNeeded
from attibooks_core.model import Writeback, WritebackState
from attibooks_core.protocols import WritebackTarget
from attibooks_core.testing import Answer

MAPPING = {
    "writeback_invoice_id": "qbo_id",
    "writeback_invoice_number": "number",
    "writeback_invoice_status": "invoice_status",
    "writeback_invoice_url": "link",
    "writeback_last_sync_at": "synced",
    "writeback_sync_error": "trouble",
}
SUCCESS = {
    "writeback_invoice_id": "145",
    "writeback_invoice_number": "1042",
    "writeback_invoice_status": "Open",
    "writeback_invoice_url": "https://qbo.example/app/invoice?txnId=145",
    "writeback_last_sync_at": datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
    "writeback_sync_error": None,
}
WRITTEN = {
    "qbo_id": ["145"],
    "number": ["1042"],
    "invoice_status": ["Open"],
    "link": ["https://qbo.example/app/invoice?txnId=145"],
    "synced": ["2026-11-23T09:00:00Z"],
    "trouble": [],
}


@pytest.fixture
def write(writeback, workspace, deal):
    """Write a success with changed values, through a changed mapping; a slug of None is not mapped."""

    async def write(values=None, **mapping):
        slugs = {**MAPPING, **{f"writeback_{key}": slug for key, slug in mapping.items()}}
        changed = {**SUCCESS, **{f"writeback_{key}": v for key, v in (values or {}).items()}}
        return await writeback.write_back(workspace(slugs), deal, Writeback(changed))

    return write


def codes(report):
    assert all(p.severity == "warning" for p in report.problems)
    assert all(p.message and p.fix for p in report.problems)
    return {p.field.removeprefix("writeback_"): p.code for p in report.problems}


def problem(report, key):
    return next(p for p in report.problems if p.field == f"writeback_{key}")


def without(*slugs):
    return {slug: value for slug, value in WRITTEN.items() if slug not in slugs}


# -- the usual ---------------------------------------------------------------------------------------------------


async def test_it_is_what_the_host_expects(writeback):
    assert isinstance(writeback, WritebackTarget)
    assert writeback.key == "attio"


async def test_everything_is_written_in_one_call_in_the_shape_of_each_attribute(write, attio):
    report = await write()
    assert attio.puts == [WRITTEN]
    assert report.state is WritebackState.WRITTEN
    assert report.fields == MAPPING
    assert report.problems == ()


async def test_a_second_write_is_exactly_one_call(write, attio, server):
    await write()
    server.seen.clear()
    await write({"invoice_status": "Paid"})
    assert [(r.method, r.path) for r in server.seen] == [("PUT", attio.record_path)]


async def test_attributes_are_listed_anew_after_five_minutes(write, attio, host):
    await write()
    host.clock.move(299)
    await write()
    assert attio.lists == 1
    host.clock.move(1)
    await write()
    assert attio.lists == 2


async def test_writes_at_one_time_list_the_attributes_once(write, attio):
    reports = await asyncio.gather(*(write() for _ in range(10)))
    assert {r.state for r in reports} == {WritebackState.WRITTEN}
    assert attio.lists == 1


async def test_nothing_mapped_is_no_call(writeback, workspace, deal, server):
    report = await writeback.write_back(workspace({}), deal, Writeback(SUCCESS))
    assert (report.state, report.fields, report.problems) == (WritebackState.NONE, {}, ())
    assert server.seen == []


async def test_only_what_is_mapped_and_given_is_written(writeback, workspace, deal, attio):
    values = Writeback({"writeback_sync_error": "The rate is missing. Set it and try again."})
    report = await writeback.write_back(workspace(MAPPING), deal, values)
    assert attio.puts == [{"trouble": ["The rate is missing. Set it and try again."]}]
    assert report.fields == {"writeback_sync_error": "trouble"}


async def test_a_long_error_is_cut(write, attio):
    await write({"sync_error": "x" * 900})
    assert attio.stored["trouble"] == ["x" * 499 + "…"]


async def test_numbers_go_into_number_attributes_when_they_stay_what_they_are(write, attio):
    attio.attribute("number", "number")
    await write()
    assert attio.stored["number"] == [1042]


# -- slugs that cannot be used -----------------------------------------------------------------------------------


async def test_an_unknown_slug_is_left_out_with_the_one_that_was_meant(write, attio):
    report = await write(invoice_number="numbr")
    assert attio.puts == [without("number")]
    assert (report.state, codes(report)) == (WritebackState.PARTIAL, {"invoice_number": "unknown_attribute"})
    assert problem(report, "invoice_number").message == 'deals has no attribute "numbr".'
    assert problem(report, "invoice_number").fix.startswith('Did you mean "number"?')
    assert attio.stored["trouble"] == []


async def test_a_pasted_title_is_answered_with_its_slug(write, attio):
    attio.attribute("custom_field_7", "text", title="Books Number")
    report = await write(invoice_number="books number")
    assert problem(report, "invoice_number").fix.startswith('Did you mean "custom_field_7"?')


async def test_a_slug_like_no_other_asks_to_create_it(write, attio):
    assert problem(await write(invoice_number="zzz"), "invoice_number").fix.startswith("Create it in Attio")


async def test_an_attribute_that_cannot_be_written_is_never_suggested(write, attio):
    attio.attribute("numbrs", "text", is_archived=True)
    attio.attribute("numbre", "text", is_writable=False)
    assert 'Did you mean "number"?' in problem(await write(invoice_number="numbr"), "invoice_number").fix


async def test_archived_read_only_and_unfit_attributes_are_left_out_before_the_call(write, attio):
    attio.attribute("qbo_id", "text", is_archived=True)
    attio.attribute("number", "text", is_writable=False)
    attio.attribute("link", "domain")
    report = await write()
    assert attio.puts == [without("qbo_id", "number", "link")]
    assert report.state is WritebackState.PARTIAL
    assert codes(report) == {
        "invoice_id": "archived_attribute",
        "invoice_number": "read_only_attribute",
        "invoice_url": "wrong_type",
    }


async def test_two_keys_on_one_attribute_write_the_first(write, attio):
    report = await write(invoice_number="qbo_id")
    assert attio.puts == [without("number")]
    assert report.fields["writeback_invoice_id"] == "qbo_id"
    assert (report.state, codes(report)) == (WritebackState.PARTIAL, {"invoice_number": "duplicate_attribute"})
    assert "already shows the invoice id" in problem(report, "invoice_number").message


async def test_when_nothing_can_be_written_nothing_is_called(writeback, workspace, deal, attio):
    slugs = {"writeback_invoice_id": "nope", "writeback_sync_error": "neither"}
    report = await writeback.write_back(workspace(slugs), deal, Writeback(SUCCESS))
    assert attio.puts == []
    assert (report.state, report.fields) == (WritebackState.NONE, {})
    assert codes(report) == {"invoice_id": "unknown_attribute", "sync_error": "unknown_attribute"}


async def test_an_attribute_that_was_just_made_is_found(write, attio, host):
    assert (await write(invoice_number="brand_new")).state is WritebackState.PARTIAL
    attio.attribute("brand_new", "text")
    host.clock.move(9)
    assert (await write(invoice_number="brand_new")).state is WritebackState.PARTIAL
    assert attio.lists == 1, "a slug that stays wrong must not cost a call with every write"
    host.clock.move(1)
    assert (await write(invoice_number="brand_new")).state is WritebackState.WRITTEN


# -- refusals ----------------------------------------------------------------------------------------------------


async def test_an_attribute_archived_since_is_left_out_and_the_rest_written(write, attio):
    await write()
    attio.attribute("number", "text", is_archived=True)
    report = await write({"invoice_status": "Paid"})
    assert attio.puts[1:] == [
        {**WRITTEN, "invoice_status": ["Paid"]},
        {**without("number"), "invoice_status": ["Paid"]},
    ]
    assert (report.state, codes(report)) == (WritebackState.PARTIAL, {"invoice_number": "archived_attribute"})
    assert attio.lists == 2


async def test_an_attribute_renamed_since_is_left_out_and_its_new_slug_suggested(write, attio):
    await write()
    del attio.attributes["number"]
    attio.attribute("number_2", "text")
    report = await write()
    assert 'Did you mean "number_2"?' in problem(report, "invoice_number").fix
    assert attio.puts[-1] == without("number")


async def test_an_attribute_of_another_type_since_gets_its_new_shape(write, attio):
    await write()
    attio.attribute("number", "number")

    def strict(values):
        return (
            None
            if values["number"] == [1042]
            else attio.fault(400, "validation_type", "Body payload validation error.")
        )

    attio.before_put = strict
    report = await write()
    assert (report.state, attio.stored["number"]) == (WritebackState.WRITTEN, [1042])


async def test_a_missing_status_is_left_out_and_told_on_the_record(write, attio):
    report = await write({"invoice_status": "Overdue"})
    told = (
        'The attribute "invoice_status" has no status "Overdue", so it was not written. '
        'Add the status "Overdue" to it in Attio, then sync again.'
    )
    assert attio.puts[1] == {**without("invoice_status"), "trouble": [told]}
    assert (report.state, codes(report)) == (WritebackState.PARTIAL, {"invoice_status": "unknown_title"})
    assert "writeback_invoice_status" not in report.fields
    assert report.fields["writeback_sync_error"] == "trouble"
    assert attio.lists == 1, "the list of attributes says nothing about titles"


async def test_a_missing_option_of_a_select_is_told_as_an_option(write, attio):
    attio.attribute("invoice_status", "select", "Paid")
    report = await write()
    assert 'has no option "Open"' in attio.stored["trouble"][0]
    assert codes(report) == {"invoice_status": "unknown_title"}


async def test_a_missing_status_is_told_also_when_no_error_was_to_be_written(writeback, workspace, deal, attio):
    values = Writeback({"writeback_invoice_status": "Overdue", "writeback_invoice_number": "7"})
    report = await writeback.write_back(workspace(MAPPING), deal, values)
    assert attio.stored["number"] == ["7"]
    assert 'has no status "Overdue"' in attio.stored["trouble"][0]
    assert report.state is WritebackState.PARTIAL


async def test_a_missing_status_alone_is_told_in_the_sync_error(writeback, workspace, deal, attio):
    report = await writeback.write_back(workspace(MAPPING), deal, Writeback({"writeback_invoice_status": "Overdue"}))
    assert list(attio.stored) == ["trouble"]
    assert report.state is WritebackState.PARTIAL


async def test_a_missing_status_without_a_place_to_tell_it_is_reported(writeback, workspace, deal, attio):
    slugs = {"writeback_invoice_status": "invoice_status"}
    report = await writeback.write_back(workspace(slugs), deal, Writeback({"writeback_invoice_status": "Overdue"}))
    assert attio.stored == {}
    assert (report.state, codes(report)) == (WritebackState.NONE, {"invoice_status": "unknown_title"})


async def test_an_error_and_a_missing_status_both_stand_on_the_record(write, attio):
    await write({"invoice_status": "Overdue", "sync_error": "y" * 900})
    text = attio.stored["trouble"][0]
    assert len(text) == 500
    assert text.startswith("yyy")
    assert text.endswith('Add the status "Overdue" to it in Attio, then sync again.')


async def test_a_deleted_invoice_shows_as_voided_where_there_is_no_such_status(write, attio):
    report = await write({"invoice_status": "Deleted"})
    assert attio.stored == {**WRITTEN, "invoice_status": ["Voided"]}
    assert report.state is WritebackState.WRITTEN


async def test_a_deleted_invoice_shows_as_deleted_where_it_can(write, attio):
    attio.attribute("invoice_status", "select", "Deleted", "Voided")
    await write({"invoice_status": "Deleted"})
    assert attio.stored["invoice_status"] == ["Deleted"]


async def test_a_deleted_invoice_without_either_status_is_reported(write, attio):
    attio.attribute("invoice_status", "status", "Open")
    report = await write({"invoice_status": "Deleted"})
    assert codes(report) == {"invoice_status": "unknown_title"}
    assert "trouble" in attio.stored


async def test_two_problems_at_once_are_both_found(write, attio):
    await write()
    attio.attribute("number", "text", is_archived=True)
    report = await write({"invoice_status": "Overdue"})
    assert codes(report) == {"invoice_number": "archived_attribute", "invoice_status": "unknown_title"}
    assert attio.stored["trouble"][0].startswith('The attribute "invoice_status" has no status "Overdue"')
    assert attio.puts[-1].keys() == without("number", "invoice_status").keys()


async def test_a_sync_error_archived_since_does_not_keep_a_missing_status_from_being_reported(write, attio):
    await write()
    attio.attribute("trouble", "text", is_archived=True)
    report = await write({"invoice_status": "Overdue"})
    assert codes(report) == {"sync_error": "archived_attribute", "invoice_status": "unknown_title"}
    assert attio.puts[-1].keys() == without("trouble", "invoice_status").keys()


@pytest.mark.parametrize(
    ("code", "message", "more"),
    [
        ("validation_type", 'An invalid value was passed to attribute with slug "number".', {}),
        ("missing_value", 'Required value for attribute with ID "id-of-number" was not provided.', {}),
        ("uniqueness_conflict", 'A value provided for attribute with slug "number" conflicts with one.', {}),
        (
            "validation_type",
            "Body payload validation error.",
            {"validation_errors": [{"path": ["data", "values", "number", 0]}]},
        ),
        ("system_edit_unauthorized", "You may not edit that.", {}),
        ("value_not_found", "Some new sentence of Attio.", {}),
    ],
)
async def test_a_value_that_attio_refuses_is_left_out_and_the_rest_written(write, attio, code, message, more):
    attio.before_put = lambda values: attio.fault(400, code, message, **more) if "number" in values else None
    attio.attribute("invoice_status", "text")
    report = await write()
    assert attio.stored == without("number")
    assert (report.state, codes(report)) == (WritebackState.PARTIAL, {"invoice_number": "refused_value"})
    assert attio.puts[-1] == without("number")


async def test_an_attribute_called_as_a_part_of_the_body_is_not_mistaken_for_it(write, attio):
    attio.attribute("values", "text")
    issue = {"validation_errors": [{"path": ["data", "values", "number"]}]}
    attio.before_put = lambda values: attio.fault(400, "validation_type", **issue) if "number" in values else None
    report = await write(invoice_id="values")
    assert codes(report) == {"invoice_number": "refused_value"}
    assert attio.stored["values"] == ["145"]


async def test_a_missing_title_is_known_also_when_attio_says_it_in_other_words(write, attio):
    def reworded(values):
        if values.get("invoice_status") == ["Overdue"]:
            return attio.fault(400, "value_not_found", "That status does not exist.")
        return None

    attio.before_put = reworded
    report = await write({"invoice_status": "Overdue"})
    assert codes(report) == {"invoice_status": "unknown_title"}
    assert attio.stored.keys() == without("invoice_status").keys()


async def test_of_two_choices_the_one_that_attio_means_is_found(writeback, workspace, deal, attio):
    attio.attribute("number", "select", "Big")

    def reworded(values):
        bad = values.get("invoice_status") == ["Overdue"]
        return attio.fault(400, "value_not_found", "No such thing.") if bad else None

    attio.before_put = reworded
    from attibooks_core.settings import CORE_FIELDS, SettingsField, Text
    from attibooks_core.testing import workspace_context

    size = SettingsField("writeback_size", 4, Text(), "Size", is_slug=True)
    slugs = {
        "writeback_size": "number",
        "writeback_invoice_status": "invoice_status",
        "writeback_sync_error": "trouble",
    }
    ws = workspace_context([*CORE_FIELDS, size], slugs)
    values = Writeback({"writeback_size": "Big", "writeback_invoice_status": "Overdue"})
    report = await writeback.write_back(ws, deal, values)
    assert codes(report) == {"invoice_status": "unknown_title"}
    assert attio.stored["number"] == ["Big"]
    assert 'no status "Overdue"' in attio.stored["trouble"][0]


async def test_the_error_is_stored_when_all_else_is_refused(write, attio):
    def only_trouble(values):
        return None if values.keys() == {"trouble"} else attio.fault(400, "particle_gate_violation", "Gate.")

    attio.before_put = only_trouble
    report = await write({"sync_error": "Something failed."})
    assert attio.stored == {"trouble": ["Something failed."]}
    assert (report.state, report.fields) == (WritebackState.PARTIAL, {"writeback_sync_error": "trouble"})
    assert set(codes(report).values()) == {"refused_value"}


async def test_fields_that_attio_takes_only_apart_end_in_a_report(write, attio):
    attio.before_put = lambda values: attio.fault(400, "odd", "Odd.") if len(values) > 1 else None
    report = await write()
    assert report.state is WritebackState.PARTIAL
    assert len(attio.puts) <= 9
    assert attio.stored == WRITTEN, "every field got there on its own"


async def test_an_attio_that_refuses_everything_ends_in_a_report(write, attio):
    attio.before_put = lambda _: attio.fault(400, "particle_gate_violation", "Not {now}.")
    report = await write()
    assert (report.state, report.fields, len(report.problems)) == (WritebackState.NONE, {}, 6)
    assert len(attio.puts) <= 9
    assert (
        problem(report, "invoice_id").message == 'Attio did not take the value for "qbo_id": particle_gate_violation.'
    )


# -- trouble -----------------------------------------------------------------------------------------------------


async def test_a_record_that_is_gone_is_said(write, attio):
    attio.before_put = lambda _: attio.fault(404, "not_found", 'Record with ID "rec-1" not found.')
    with pytest.raises(NotFound) as gone:
        await write()
    assert gone.value.code == "record_not_found"


async def test_an_object_that_is_gone_is_said(write, attio, server):
    gone = attio.fault(404, "not_found", 'Object with slug/ID "deals" not found.')
    server.on("GET", f"{attio.base}/attributes", gone)
    with pytest.raises(NotFound, match="no object deals"):
        await write()


@pytest.mark.parametrize(("status", "error"), [(401, ReconnectNeeded), (403, PermissionMissing)])
async def test_a_token_without_the_right_is_said(write, attio, status, error):
    attio.before_put = lambda _: attio.fault(status, "unauthorized")
    with pytest.raises(error):
        await write()


async def test_an_outage_is_left_to_the_host(write, attio):
    attio.before_put = lambda _: Answer("Service Unavailable", 503)
    with pytest.raises(Down):
        await write()
    assert attio.stored == {}


async def test_a_write_conflict_is_tried_again(write, attio):
    answers = [attio.fault(409, "concurrent_write_conflict"), None]
    attio.before_put = lambda _: answers.pop(0)
    assert (await write()).state is WritebackState.WRITTEN


async def test_a_write_that_was_done_and_not_answered_is_done_again(write, attio):
    lost = [True, False]

    def cut(values):
        attio.stored.update(values)
        return Answer(cut=True) if lost.pop(0) else None

    attio.before_put = cut
    assert (await write()).state is WritebackState.WRITTEN
    assert attio.puts == [WRITTEN, WRITTEN]
