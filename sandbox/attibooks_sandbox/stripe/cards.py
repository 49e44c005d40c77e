"""Stripe's numbers for tests and what they do (reference: Stripe billing, §3.9; others from Stripe's documentation)."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from attibooks_sandbox.stripe.errors import Refused
from attibooks_sandbox.stripe.model import PaymentMethod

Outcome = Literal["paid", "authenticate", "processing"]
GENERIC = Refused("Your card was declined.", "card_declined", "generic_decline")


class Behaviour(msgspec.Struct, frozen=True):
    """What a number does: `refused` at every charge or, `later`, only once it is saved; `asks` to authenticate."""

    refused: Refused | None = None
    later: bool = False
    asks: Literal["never", "unless set up", "always"] = "never"


def _declined(decline_code: str, message: str = "Your card was declined.") -> Behaviour:
    return Behaviour(Refused(message, "card_declined", decline_code))


_GOOD = Behaviour()
_NUMBERS: dict[str, Behaviour] = {
    "4242424242424242": _GOOD,
    "4000056655665556": _GOOD,
    "5555555555554444": _GOOD,
    "378282246310005": _GOOD,
    "4000000000000002": Behaviour(GENERIC),
    "4000000000009995": _declined("insufficient_funds", "Your card has insufficient funds."),
    "4000000000009987": _declined("lost_card"),
    "4000000000009979": _declined("stolen_card"),
    "4000000000000069": Behaviour(Refused("Your card has expired.", "expired_card", "expired_card")),
    "4000000000000127": Behaviour(Refused("Your card's security code is incorrect.", "incorrect_cvc", "incorrect_cvc")),
    "4000000000000119": Behaviour(
        Refused("An error occurred while processing your card. Try again in a little bit.", "processing_error")
    ),
    "4000000000000341": Behaviour(GENERIC, later=True),
    "4000002500003155": Behaviour(asks="unless set up"),
    "4000002760003184": Behaviour(asks="always"),
    "4000008400001629": Behaviour(GENERIC, asks="always"),
    "DE89370400440532013000": _GOOD,
    "AT611904300234573201": _GOOD,
    "DE62370400440532013001": Behaviour(GENERIC),
}
_NAMES = {
    "visa": "4242424242424242",
    "mastercard": "5555555555554444",
    "amex": "378282246310005",
    "visa_debit": "4000056655665556",
    "chargeCustomerFail": "4000000000000341",
    "chargeDeclined": "4000000000000002",
    "visa_chargeDeclined": "4000000000000002",
    "visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "threeDSecure2Required": "4000002760003184",
    "authenticationRequired": "4000002760003184",
    "authenticationRequiredOnSetup": "4000002500003155",
}
_BRANDS = {"4": "visa", "5": "mastercard", "3": "amex"}
INCORRECT = Refused("Your card number is incorrect.", "incorrect_number")
NOT_A_TEST_CARD = Refused(
    "Your card was declined. Your request was in test mode, but used a non test (live) card. For a list of valid "
    "test cards, visit: https://stripe.com/docs/testing.",
    "card_declined",
    "test_mode_live_card",
)
WRONG_IBAN = Refused("The IBAN you provided is invalid.", "invalid_bank_account_iban")


def behaviour_of(number: str) -> Behaviour | None:
    """Return what a number does, None if it is none for tests."""
    return _NUMBERS.get(number)


def brand_of(number: str) -> str:
    """Return the brand of a card."""
    return _BRANDS.get(number[:1], "unknown")


def number_of_name(name: str) -> str | None:
    """Return the number behind `pm_card_visa` or `tok_visa`."""
    for start in ("pm_card_", "tok_"):
        if name.startswith(start):
            return _NAMES.get(name.removeprefix(start))
    return None


def check_number(given: str) -> str | Refused:
    """Return a card's number without blanks, or why it is none."""
    number = re.sub(r"[\s-]", "", given)
    if not re.fullmatch(r"[0-9]{12,19}", number) or not _passes_luhn(number):
        return INCORRECT
    return number if number in _NUMBERS else NOT_A_TEST_CARD


def check_iban(given: str) -> str | Refused:
    """Return an account's number without blanks, or why it is none."""
    number = re.sub(r"\s", "", given).upper()
    return number if number in _NUMBERS and number[:2].isalpha() else WRONG_IBAN


def _passes_luhn(number: str) -> bool:
    digits = [int(each) for each in reversed(number)]
    doubled = [sum(divmod(2 * each, 10)) for each in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def charge(method: PaymentMethod, *, authenticated: bool = False) -> Outcome | Refused:
    """Return what becomes of a charge, which the customer has authenticated or not."""
    behaviour = _NUMBERS[method.number]
    if method.type == "sepa_debit":
        return "processing"
    asks = behaviour.asks == "always" or (behaviour.asks == "unless set up" and not method.set_up)
    if asks and not authenticated:
        return "authenticate"
    if behaviour.refused is not None:
        return behaviour.refused
    return "paid"


def debit_fails(method: PaymentMethod) -> bool:
    """Tell whether a debit under way will fail."""
    return _NUMBERS[method.number].refused is not None


def refused_on_saving(method: PaymentMethod) -> Refused | None:
    """Return why a card cannot be saved: those that fail only later can."""
    behaviour = _NUMBERS[method.number]
    return None if behaviour.later or method.type == "sepa_debit" else behaviour.refused
