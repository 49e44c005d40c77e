"""Every error that crosses a public seam, classed by who can mend it.

::

    AttiBooksError
    ├── ConfigurationError            an admin: something is set wrongly
    │   ├── InvalidSettings           · a setting has a bad value, all problems at once
    │   └── PluginUnavailable         · the plugin that is asked for is not active
    ├── Unauthorized                  nobody: the call does not come from where it says
    ├── ConnectionProblem             an admin: connect or grant again
    │   ├── NotConnected              · there is no token for the accounting system
    │   ├── ReconnectNeeded           · there is one, and it was refused
    │   ├── PermissionMissing         · the token lacks a scope
    │   └── AccountMismatch           · the token belongs to another company
    ├── InvalidDraft                  the user: the record makes no valid invoice, all problems at once
    ├── Question                      the user: the same call again, confirmed, goes through
    ├── Refused                       the user: the other side said no
    │   ├── NotFound                  · the thing is not there
    │   ├── Conflict                  · somebody else changed it meanwhile
    │   └── Unsupported               · this backend cannot do that
    ├── LimitReached                  the user, next month or after an upgrade
    ├── PlanRequired                  the user, after an upgrade
    ├── Unavailable                   the machine: nothing was written, try again
    │   ├── RateLimited               · after `retry_after` seconds
    │   └── Down                      · it does not answer, or answers nonsense
    ├── OutcomeUnknown                the machine, with the same operation key only
    ├── PlanOutdated                  the machine: nothing was created, plan anew
    ├── Superseded                    nobody: another run took the operation over
    └── PluginError                   the plugin's author

    TransportError                    from an HTTP client, for plugins to translate
    ├── NothingSent                   · no byte of the request reached the server
    └── AnswerLost                    · the server may have done the work
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from attibooks_core.model import AccountingInvoice, Candidate, CustomerMatch, DraftSketch, Problem

MAX_MESSAGE = 500
"""Longest message in characters: it has to fit a text field of the CRM (product rule, row 80)."""


class AttiBooksError(Exception):
    """Base of the tree.

    :param message: what failed and what to do, in plain sentences. It is shown to users and written to records, so
        it holds no token, no stack and no vendor's JSON.
    :param code: stable snake_case name of the case; the class has a default.
    :param reference: id that finds the case in the logs of the vendor (QuickBooks' `intuit_tid`, for example).
    :param details: facts for the caller's program, such as `used` and `limit`; never secrets.
    """

    code: str = "internal_error"
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        reference: str | None = None,
        problems: Sequence[Problem] = (),
        details: Mapping[str, Any] | None = None,
    ) -> None:
        self.message = message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…"
        self.code = code or type(self).code
        self.reference = reference
        self.problems = tuple(problems)
        self.details = dict(details or {})
        super().__init__(self.message)


class ConfigurationError(AttiBooksError):
    """Something is set wrongly; an admin mends it."""

    code = "invalid_settings"


class InvalidSettings(ConfigurationError):
    """Workspace settings that cannot be used; `problems` holds every one of them."""


class PluginUnavailable(ConfigurationError):
    """A plugin is asked for by name and is not active; the message has the reason from its report."""


class Unauthorized(AttiBooksError):
    """The call is not what it says it is: bad signature, stale, inactive token or another workspace."""

    code = "bad_signature"


class ConnectionProblem(AttiBooksError):
    """The connection to one of the two systems has to be mended by an admin."""

    code = "reconnect_needed"


class NotConnected(ConnectionProblem):
    """The workspace never connected the accounting system, or the call carried no token for it."""

    code = "not_connected"


class ReconnectNeeded(ConnectionProblem):
    """The token was refused: expired, revoked, or of an admin who left."""

    code = "reconnect_needed"


class PermissionMissing(ConnectionProblem):
    """The token lacks a right; the message names it."""

    code = "permission_missing"


class AccountMismatch(ConnectionProblem):
    """The token does not open the company (or the environment) that the settings name."""

    code = "account_mismatch"


class InvalidDraft(AttiBooksError):
    """The record and the settings make no valid invoice; `problems` holds every obstacle at once.

    :param sketch: the draft as far as it is known, when a builder refuses.
    :param match: the customer that was found all the same, when a backend refuses.
    :param candidates: the customers that could be meant.
    """

    code = "invalid_draft"

    def __init__(
        self,
        message: str,
        *,
        sketch: DraftSketch | None = None,
        match: CustomerMatch | None = None,
        candidates: Sequence[Candidate] = (),
        **rest: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(message, **rest)
        self.sketch, self.match, self.candidates = sketch, match, tuple(candidates)


class Question(AttiBooksError):
    """A question to the user: the same call with the named confirmation goes through."""

    code = "recent_invoice"


class Refused(AttiBooksError):
    """The other side understood and said no."""

    code = "accounting_refused"


class NotFound(Refused):
    """The record, invoice or job is not there; `code` says which."""

    code = "not_found"


class Conflict(Refused):
    """Somebody else changed the thing meanwhile.

    :param current: what the books hold now, when that is known.
    """

    code = "conflict"

    def __init__(self, message: str, *, current: AccountingInvoice | None = None, **rest: Any) -> None:  # noqa: ANN401
        super().__init__(message, **rest)
        self.current = current


class Unsupported(Refused):
    """The backend does not claim the capability that the call needs."""

    code = "unsupported"


class LimitReached(AttiBooksError):
    """The plan's invoices of this month are used up; `details`: used, limit, resets_at, upgrade_url."""

    code = "limit_reached"


class PlanRequired(AttiBooksError):
    """The feature belongs to another plan; `details`: upgrade_url."""

    code = "plan_required"


class Unavailable(AttiBooksError):
    """Nothing was written; the same call later may work.

    :param retry_after: seconds to wait, when the other side said so.
    """

    code = "backend_down"
    retryable = True

    def __init__(self, message: str, *, retry_after: float | None = None, **rest: Any) -> None:  # noqa: ANN401
        super().__init__(message, **rest)
        self.retry_after = retry_after


class RateLimited(Unavailable):
    """The other side asks to slow down."""

    code = "rate_limited"


class Down(Unavailable):
    """The other side does not answer, or what it answers is no answer."""


class OutcomeUnknown(AttiBooksError):
    """A write was sent and its answer was lost. Only the same operation key may be used again."""

    code = "outcome_unknown"


class PlanOutdated(AttiBooksError):
    """A frozen plan names things of the books that are gone (an inactive customer); no invoice was created."""

    code = "accounting_refused"


class Superseded(AttiBooksError):
    """This run of an operation lost its place to a newer one and must write nothing more."""

    code = "superseded"


class PluginError(AttiBooksError):
    """A plugin raised something outside this tree; the original is chained.

    :param plugin: name of its entry point.
    :param place: the hook or method that raised.
    """

    code = "plugin_error"

    def __init__(self, plugin: str, place: str) -> None:
        super().__init__(
            f"The plugin {plugin} failed in {place}. Try again; if it stays, tell the operator of this host.",
            details={"plugin": plugin, "place": place},
        )


class TransportError(Exception):
    """What an HTTP client of the host raises instead of an answer."""


class NothingSent(TransportError):
    """No connection could be made: the server saw nothing of the request."""


class AnswerLost(TransportError):
    """The request went out, at least in part, and no whole answer came back."""
