"""The hooks of AttiBooks: every seam through which a plugin joins the host.

Three families, told apart by their first word:

* `register_*` hands typed objects over. Called once per host, plugin by plugin, after every plugin is loaded and
  before the app is built. Quick, without I/O. What it raises withdraws that plugin's objects only, and shows in its
  report.
* `build_*` computes: pure, without I/O, the first answer that is not None wins; core's own answer comes last.
* `on_*` tells after the fact: `async`, each listener has five seconds, and a failing one never stops an operation.

Hooks are called by keyword; an implementation may ask for fewer arguments. Write `@hookimpl` before each, and give
the plugin (a module or an instance) `attibooks_api = (1, 0)`: the major version it was written for and the lowest
minor that has everything it needs.
"""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import click

    from attibooks_core.capabilities import InvoiceStore, RecordStore
    from attibooks_core.events import InvoiceEvent
    from attibooks_core.model import CompanyFacts, CrmRecord, InvoiceDraft
    from attibooks_core.protocols import (
        AccountingBackend,
        AppGateway,
        BillingProvider,
        DraftAdjuster,
        HostServices,
        Observer,
        RecordReader,
        WritebackTarget,
    )
    from attibooks_core.settings import Settings, SettingsField

HOOK_API_VERSION = (1, 0)
"""Major: something was removed or changed. Minor: something was added."""

ENTRY_POINT_GROUP = "attibooks"

hookspec = pluggy.HookspecMarker("attibooks")
hookimpl = pluggy.HookimplMarker("attibooks")


@hookspec
def register_record_readers(host: "HostServices") -> "Iterable[RecordReader] | None":
    """Stage 1, record reading: offer readers of a CRM's records.

    :param host: services of the host; keep it, do not call it here.
    :return: readers, each with a key that no other plugin uses; None when there is none to offer.

    .. versionadded:: hook API 1.0
    """


@hookspec(firstresult=True)
def build_invoice(
    record: "CrmRecord", settings: "Settings", facts: "CompanyFacts", today: date
) -> "InvoiceDraft | None":
    """Stage 2, invoice building: turn a record into what we intend to send.

    Called for a preview and for every create, with the same arguments giving the same draft: pure, no clock, no I/O.
    The first answer that is not None wins; core's own builder answers last, so None means "not mine".

    :param record: the record as read.
    :param settings: the workspace's validated settings.
    :param facts: what the books say of the company.
    :param today: the company's date.
    :return: a draft with provenance for every value, or None.
    :raises InvalidDraft: with every obstacle at once. Anything else is reported as this plugin's failure.

    .. versionadded:: hook API 1.0
    """


@hookspec
def register_draft_adjusters(host: "HostServices") -> "Iterable[DraftAdjuster] | None":
    """Stage 2, after building: offer adjusters that change drafts before anybody sees them.

    They run by phase, then by the name of their plugin; what they change is marked as theirs in the provenance.

    :param host: services of the host; keep it, do not call it here.
    :return: adjusters, each with a key that no other plugin uses; None when there is none to offer.

    .. versionadded:: hook API 1.0
    """


@hookspec
def register_accounting_backends(host: "HostServices") -> "Iterable[AccountingBackend] | None":
    """Stage 3, accounting submission: offer accounting systems that invoices can be sent to.

    :param host: services of the host; keep it, do not call it here.
    :return: backends, each with a key that no other plugin uses; None when there is none to offer.

    .. versionadded:: hook API 1.0
    """


@hookspec
def register_writeback_targets(host: "HostServices") -> "Iterable[WritebackTarget] | None":
    """Stage 4, writeback: offer targets that show an invoice on its record.

    :param host: services of the host; keep it, do not call it here.
    :return: targets, each with the key of its CRM; None when there is none to offer.

    .. versionadded:: hook API 1.0
    """


@hookspec
def register_record_stores(host: "HostServices") -> "Iterable[RecordStore] | None":
    """Stage 4, writeback: offer access to a CRM's objects, for plugins that keep records of their own there.

    :param host: services of the host; keep it, do not call it here.
    :return: stores, each with the key of its CRM; None when there is none to offer.

    .. versionadded:: hook API 1.0
    """


@hookspec
def register_invoice_stores(host: "HostServices") -> "Iterable[InvoiceStore] | None":
    """Stage 4, writeback: offer stores that keep every invoice as a record of its own.

    :param host: services of the host; keep it, do not call it here.
    :return: stores, each with a key that no other plugin uses; None when there is none to offer.

    .. versionadded:: hook API 1.0
    """


@hookspec
def register_billing_providers(host: "HostServices") -> "Iterable[BillingProvider] | None":
    """Stage 5, billing: offer providers that know a workspace's plan.

    Exactly one is active, named by `ATTIBOOKS_BILLING`; without it the host does not start.

    :param host: services of the host; keep it, do not call it here.
    :return: providers, each with a key that no other plugin uses; None when there is none to offer.

    .. versionadded:: hook API 1.0
    """


@hookspec
def register_app_gateways(host: "HostServices") -> "Iterable[AppGateway] | None":
    """Offer gateways that check the calls of an app inside a CRM; each is mounted at `/api/{key}/`.

    :param host: services of the host; keep it, do not call it here.
    :return: gateways, each with the key of its CRM; None when there is none to offer.

    .. versionadded:: hook API 1.0
    """


@hookspec
def register_settings_fields() -> "Iterable[SettingsField] | None":
    """Declare workspace settings: keys, types, help texts and the section that shows them. Pure data.

    :return: fields, each with a key that nobody else declares; None when there is none.

    .. versionadded:: hook API 1.0
    """


@hookspec
def register_observers(host: "HostServices") -> "Iterable[Observer] | None":
    """Offer observers that are shown the end of every stage (metrics, traces).

    :param host: services of the host; keep it, do not call it here.
    :return: observers; None when there is none to offer.

    .. versionadded:: hook API 1.0
    """


@hookspec
def register_commands(cli: "click.Group") -> None:
    """Add commands to `attibooks`. A name that is taken stays with its owner, and the plugin is reported.

    :param cli: a group of this plugin's own, whose commands are then merged into the program.

    .. versionadded:: hook API 1.0
    """


@hookspec
async def on_invoice_event(event: "InvoiceEvent") -> None:
    """Hear what happened to an invoice, after it is durable. The answer is ignored.

    :param event: one of the classes of `attibooks_core.events`; ignore those you do not know.

    .. versionadded:: hook API 1.0
    """


__all__ = [
    "ENTRY_POINT_GROUP",
    "HOOK_API_VERSION",
    "build_invoice",
    "hookimpl",
    "hookspec",
    "on_invoice_event",
    "register_accounting_backends",
    "register_app_gateways",
    "register_billing_providers",
    "register_commands",
    "register_draft_adjusters",
    "register_invoice_stores",
    "register_observers",
    "register_record_readers",
    "register_record_stores",
    "register_settings_fields",
    "register_writeback_targets",
]
