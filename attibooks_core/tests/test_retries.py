"""When a call is made again."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attibooks_core.errors import Down, OutcomeUnknown, RateLimited, Refused
from attibooks_core.retries import RetryPolicy, retry_after, retrying, wait_before
from attibooks_core.testing import SettableClock

NOW = datetime(2026, 11, 23, 9, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2", 2.0),
        ("1.5", 1.5),
        ("0", 0.1),
        ("Mon, 23 Nov 2026 09:15:02 GMT", 2.0),
        ("Mon, 23 Nov 2026 09:14:00 GMT", 0.1),
        ("Mon, 23 Nov 2026 09:15:02 -0000", 2.0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("٣", None),
        ("Mon, 23 Nov 2026 09:15:02 +99999999999999999999", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value, seconds):
    assert retry_after({"retry-after": value}, NOW) == seconds


@given(st.text())
def test_any_header_is_read_or_ignored(value):
    assert (retry_after({"retry-after": value}, NOW) or 0.1) >= 0.1


def test_without_the_header_nothing_is_asked():
    assert retry_after({}, NOW) is None


def test_waits_grow_and_end():
    policy = RetryPolicy(attempts=4, base=1.0, longest=10)
    waits = [wait_before(Down("x"), n, policy, 1.0) for n in (1, 2, 3, 4)]
    assert waits == [1.0, 4.0, None, None]


def test_a_wait_that_was_asked_for_is_kept_and_spread_a_little():
    assert wait_before(RateLimited("x", retry_after=7), 1, RetryPolicy(), 0.0) == 7
    assert wait_before(RateLimited("x", retry_after=7), 1, RetryPolicy(), 1.0) == pytest.approx(7.7)
    assert wait_before(RateLimited("x", retry_after=70), 1, RetryPolicy(), 0.3) is None, "too long for this caller"


class Flaky:
    def __init__(self, *errors):
        self.errors = list(errors)
        self.calls = 0

    async def __call__(self):
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "ok"


async def test_what_wrote_nothing_is_tried_again():
    clock, call = SettableClock(), Flaky(Down("x"), RateLimited("x", retry_after=3))
    assert await retrying(call, clock=clock, policy=RetryPolicy()) == "ok"
    assert 3 <= clock.slept[1] <= 3.3


@pytest.mark.parametrize("error", [Refused("no"), OutcomeUnknown("?"), ValueError("bug")])
async def test_anything_else_is_not(error):
    call = Flaky(error)
    with pytest.raises(type(error)):
        await retrying(call, clock=SettableClock(), policy=RetryPolicy())
    assert call.calls == 1


async def test_a_plugin_may_name_more_that_is_safe():
    call = Flaky(OutcomeUnknown("?"))
    assert await retrying(call, clock=SettableClock(), policy=RetryPolicy(), also=(OutcomeUnknown,)) == "ok"


async def test_the_last_error_is_raised_when_patience_ends():
    call = Flaky(*(Down(str(n)) for n in range(9)))
    with pytest.raises(Down, match="2"):
        await retrying(call, clock=SettableClock(), policy=RetryPolicy(attempts=3))
    assert call.calls == 3
