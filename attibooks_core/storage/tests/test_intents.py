"""Intents, keys and counters, on both databases."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from attibooks_core.errors import LimitReached, Question, Superseded
from attibooks_core.model import AccountingInvoice, Books, InvoiceStatus, RecordRef
from attibooks_core.storage.intents import Ending, Intent, Intents, IntentState, KeptCall
from attibooks_core.storage.recounting import Correction, recount
from attibooks_core.storage.tables import usage as usage_table
from attibooks_core.storage.trail import Trail, TrailEntry
from attibooks_core.storage.usage import Counter, Usage

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BOOKS = Books("quickbooks", "production", "9130001")


def intent(key="k1", record="r1", **changes):
    return replace(
        Intent(
            intent_id=f"i-{key}",
            workspace_id="ws",
            gateway="attio",
            books=BOOKS,
            source=RecordRef("deals", record),
            actor="user",
            route="invoices",
            key=key,
            payload="sealed",
            payload_hash="hash",
            settings_digest="digest",
            usage_month="2026-11",
            created_at=NOW,
            updated_at=NOW,
        ),
        **changes,
    )


def entry(kind="intent", at=NOW):
    return TrailEntry(at=at, kind=kind, summary="said", record=RecordRef("deals", "r1"), intent_id="i-k1")


def invoice(number="1042"):
    return AccountingInvoice(
        books=BOOKS,
        id="145",
        number=number,
        status=InvoiceStatus.OPEN,
        url="https://example.com",
        total=Decimal("10.00"),
        balance=Decimal("10.00"),
        currency="USD",
        due_date=date(2026, 12, 23),
        customer_id="58",
        customer_name="Acme",
        version="0",
        updated_at=NOW,
    )


@pytest.fixture
def intents(database):
    return Intents(database)


async def opened(intents, wanted=None, *, limit=None, confirm=False):
    wanted = wanted or intent()
    assert await intents.open(wanted, "body", entry(), limit=limit, confirm_recent=confirm)
    return wanted


async def test_an_intent_comes_back_as_it_was_stored(intents):
    stored = await opened(intents)
    assert await intents.load("ws", "i-k1") == stored


async def test_another_workspace_does_not_see_it(intents):
    await opened(intents)
    assert await intents.load("other", "i-k1") is None
    assert await intents.kept("other", "invoices", "k1") is None


async def test_a_key_is_taken_once(intents):
    await opened(intents)
    assert not await intents.open(intent(), "body", entry(), limit=None, confirm_recent=True)
    assert await intents.kept("ws", "invoices", "k1") == KeptCall("body", "i-k1", None, None)


async def test_one_of_many_parallel_openings_wins(intents):
    wins = await asyncio.gather(
        *(intents.open(intent(), "body", entry(), limit=None, confirm_recent=True) for _ in range(20))
    )
    assert sum(wins) == 1


async def test_a_second_invoice_within_a_minute_is_asked_about(intents, database):
    await opened(intents)
    await intents.accept(intent(), invoice(), entry("accepted"))
    soon = intent("k2", created_at=NOW + timedelta(seconds=12))
    with pytest.raises(Question, match=r"Invoice 1042 was created for this record 12 s ago"):
        await intents.open(soon, "body", entry(), limit=None, confirm_recent=False)
    assert await intents.kept("ws", "invoices", "k2") is None, "the question must not use the key up"
    assert await intents.open(soon, "body", entry(), limit=None, confirm_recent=True)


async def test_two_clicks_with_two_keys_at_one_instant_make_one_question(intents):
    results = await asyncio.gather(
        *(intents.open(intent(f"k{n}"), "body", entry(), limit=None, confirm_recent=False) for n in range(8)),
        return_exceptions=True,
    )
    assert results.count(True) == 1
    assert sum(isinstance(r, Question) for r in results) == 7


async def test_an_invoice_of_another_record_or_a_minute_ago_is_no_question(intents):
    await opened(intents)
    assert await intents.open(intent("k2", "r2"), "body", entry(), limit=None, confirm_recent=False)
    later = intent("k3", created_at=NOW + timedelta(seconds=61))
    assert await intents.open(later, "body", entry(), limit=None, confirm_recent=False)


async def test_the_tenth_and_eleventh_at_one_instant_cannot_both_pass(intents, database):
    results = await asyncio.gather(
        *(intents.open(intent(f"k{n}", f"r{n}"), "body", entry(), limit=10, confirm_recent=False) for n in range(25)),
        return_exceptions=True,
    )
    assert results.count(True) == 10
    assert sum(isinstance(r, LimitReached) for r in results) == 15
    assert await Usage(database).count("ws", "production", "2026-11") == Counter(0, 10)


async def test_an_accepted_invoice_counts_in_the_month_in_which_it_was_accepted(intents, database):
    stored = await opened(intents, intent(usage_month="2026-11"))
    at = datetime(2026, 12, 1, 0, 0, 1, tzinfo=UTC)
    assert await intents.accept(stored, invoice(), entry("accepted", at)) == Counter(1, 0)
    assert await Usage(database).count("ws", "production", "2026-11") == Counter(0, 0)


async def test_accepting_twice_counts_once(intents):
    stored = await opened(intents)
    await intents.accept(stored, invoice(), entry("accepted"))
    assert await intents.accept(stored, invoice(), entry("accepted")) == Counter(1, 0)


async def test_a_refusal_gives_the_reservation_back_and_is_kept(intents, database):
    stored = await opened(intents)
    await intents.end(stored, Ending(IntentState.REFUSED, entry("refused"), outcome="error", answer="sealed answer"))
    assert await Usage(database).count("ws", "production", "2026-11") == Counter(0, 0)
    assert await intents.kept("ws", "invoices", "k1") == KeptCall("body", "i-k1", "error", "sealed answer")
    ended = await intents.load("ws", "i-k1")
    assert (ended.state, ended.payload) == (IntentState.REFUSED, None)


async def test_only_the_newest_run_may_move_an_intent(intents):
    stored = await opened(intents)
    claimed = await intents.claim(stored, NOW)
    assert claimed.run == 2
    assert await intents.claim(stored, NOW) is None
    with pytest.raises(Superseded):
        await intents.accept(stored, invoice(), entry("accepted"))
    with pytest.raises(Superseded):
        await intents.end(stored, Ending(IntentState.DONE, entry("done")))
    await intents.accept(claimed, invoice(), entry("accepted"))


async def test_one_of_many_parallel_claims_wins(intents):
    stored = await opened(intents)
    claims = await asyncio.gather(*(intents.claim(stored, NOW) for _ in range(20)))
    assert sum(c is not None for c in claims) == 1


async def test_a_failed_intent_opens_a_new_generation_under_the_same_key(intents):
    stored = await opened(intents)
    await intents.end(stored, Ending(IntentState.FAILED, entry("failed"), outcome="failed", answer="x"))
    again = await intents.reopen(replace(stored, payload="new"), entry(), limit=None, confirm_recent=False)
    assert (again.generation, again.run, again.first_run, again.state) == (2, 2, 2, IntentState.RESERVED)
    assert await intents.load("ws", "i-k1") == again
    assert await intents.reopen(stored, entry(), limit=None, confirm_recent=False) is None, (
        "only a failed one can be opened again"
    )


async def test_a_failed_click_that_is_repeated_asks_about_the_invoice_that_another_one_made_meanwhile(intents):
    failed = await opened(intents)
    await intents.end(failed, Ending(IntentState.FAILED, entry("failed"), outcome="failed", answer="x"))
    await opened(intents, replace(failed, intent_id="i-k2", key="k2"))
    with pytest.raises(Question):
        await intents.reopen(failed, entry(), limit=None, confirm_recent=False)
    assert (await intents.load("ws", failed.intent_id)).state is IntentState.FAILED
    assert await intents.reopen(failed, entry(), limit=None, confirm_recent=True) is not None


async def test_waiting_and_parked_intents_are_due_for_their_workspaces_only(intents):
    stored = await opened(intents)
    at = NOW + timedelta(seconds=10)
    await intents.end(stored, Ending(IntentState.PARKED, entry("writeback"), next_attempt_at=at))
    assert await intents.due(["ws"], NOW) == []
    assert [i.intent_id for i in await intents.due(["ws"], at)] == ["i-k1"]
    assert await intents.due(["other"], at) == []
    assert await intents.due([], at) == []


async def test_an_intent_that_went_quiet_is_found(intents):
    await opened(intents)
    assert await intents.quiet(NOW) == []
    assert [i.intent_id for i in await intents.quiet(NOW + timedelta(seconds=1))] == ["i-k1"]


async def test_the_newest_invoice_of_a_record_is_told_from_older_ones(intents):
    old = await opened(intents)
    await intents.accept(old, invoice(), entry("accepted"))
    assert await intents.is_newest(old)
    new = await opened(intents, intent("k2", created_at=NOW + timedelta(minutes=5)))
    assert await intents.is_newest(old), "one without an invoice does not count"
    await intents.accept(new, replace(invoice(), id="146"), entry("accepted"))
    assert not await intents.is_newest(old)
    assert await intents.is_newest(new)


async def test_old_answers_are_dropped_and_their_keys_stay(intents):
    await intents.pin("ws", "settings", "k", KeptCall("body", None, "ok", "sealed"), NOW)
    await intents.drop_answers(NOW)
    assert (await intents.kept("ws", "settings", "k")).answer == "sealed"
    await intents.drop_answers(NOW + timedelta(seconds=1))
    assert await intents.kept("ws", "settings", "k") == KeptCall("body", None, "ok", None)


async def test_the_first_answer_under_a_key_stays(intents):
    await intents.pin("ws", "settings", "k", KeptCall("body", None, "ok", "first"), NOW)
    await intents.pin("ws", "settings", "k", KeptCall("body", None, "ok", "second"), NOW)
    assert (await intents.kept("ws", "settings", "k")).answer == "first"


async def test_the_trail_tells_in_order_what_happened(intents, database):
    stored = await opened(intents)
    await intents.accept(stored, invoice(), entry("accepted", NOW + timedelta(seconds=1)))
    trail = await Trail(database).of_record("ws", RecordRef("deals", "r1"))
    assert [e.kind for e in trail] == ["intent", "accepted"]
    assert trail[0].at == NOW
    assert await Trail(database).of_record("other", RecordRef("deals", "r1")) == []


# -- counters against what they count (row 150) --------------------------------------------------------------------


async def some_of_each(intents):
    """Of five intents one is accepted this month, one the next, one is refused; two are under way."""
    for number in range(5):
        await opened(intents, intent(f"k{number}", f"r{number}"), limit=10)
    await intents.accept(intent("k0", "r0"), invoice(), entry("accepted"))
    december = entry("accepted", datetime(2026, 12, 1, tzinfo=UTC))
    await intents.accept(intent("k1", "r1"), replace(invoice(), id="146"), december)
    await intents.end(intent("k2", "r2"), Ending(IntentState.REFUSED, entry("refused")))


async def test_counters_that_are_right_are_left_alone(intents, database):
    await some_of_each(intents)
    assert await recount(database, "2026-12") == []
    assert await Usage(database).count("ws", "production", "2026-12") == Counter(1, 2)


async def test_a_counter_that_somebody_changed_is_what_was_accepted_again(intents, database):
    await some_of_each(intents)
    november = (usage_table.c.workspace_id == "ws", usage_table.c.month == "2026-11")
    spoilt = sa.update(usage_table).where(*november).values(used=9, held=-1)
    await database.write(lambda c: c.execute(spoilt))
    assert await recount(database, "2026-12") == [Correction("ws", "production", "2026-11", (9, -1), (1, 2))]
    assert await Usage(database).count("ws", "production", "2026-11") == Counter(1, 2)
    assert await recount(database, "2026-12") == []


async def test_counting_again_while_invoices_are_made_finds_nothing(intents, database):
    async def made(number):
        mine = intent(f"k{number}", f"r{number}")
        await opened(intents, mine, limit=100)
        if number % 3:
            await intents.accept(mine, replace(invoice(), id=str(number)), entry("accepted"))
        else:
            await intents.end(mine, Ending(IntentState.REFUSED, entry("refused")))

    found = await asyncio.gather(*(made(n) if n % 2 else recount(database, "2026-11") for n in range(80)))
    assert [f for f in found if f] == []
    assert (await Usage(database).count("ws", "production", "2026-11")).held == 0
