"""The settings as a form needs them, with everything that is wrong with them."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from attibooks_core.errors import AttiBooksError
from attibooks_core.host import Host
from attibooks_core.invoicing.shapes import ProblemShape
from attibooks_core.invoicing.texts import did_you_mean
from attibooks_core.model import Caller, FieldInfo, MappableField, Problem
from attibooks_core.protocols import WorkspaceContext
from attibooks_core.settings import SECTIONS, Choice, Settings, SettingsCatalog, SettingsField
from attibooks_core.storage.memory import NoMemory
from attibooks_core.web.parts import is_loopback
from attibooks_core.web.problems import malformed
from attibooks_core.web.schemas import FieldShape, SectionShape, SettingsAnswer


async def settings_answer(host: Host, caller: Caller, settings: Settings) -> SettingsAnswer:
    """Settings, sections, and the warnings about slugs that no object has."""
    problems = await slug_problems(host, caller, settings)
    return SettingsAnswer(
        settings=settings.plain(),
        sections=_sections(host.plugins.catalog, settings, _mappable(host, settings)),
        problems=[ProblemShape.of(p) for p in problems],
    )


def check_callback(url: str, host: Host) -> None:
    """A callback address has to be https; plain http only on loopback, in development.

    :raises AttiBooksError: code `malformed`.
    """
    parts = urlsplit(url)
    loopback = not host.settings.production and parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not parts.hostname or not (parts.scheme == "https" or loopback):
        raise malformed("The callback_url has to be an https address. Register the app's webhook handler anew.")


def _sections(catalog: SettingsCatalog, settings: Settings, mappable: Sequence[MappableField]) -> list[SectionShape]:
    return [
        SectionShape(
            number=number,
            title=title,
            fields=[_field(f, settings, mappable) for f in catalog.fields.values() if f.section == number],
        )
        for number, title in SECTIONS.items()
    ]


def _field(field: SettingsField, settings: Settings, mappable: Sequence[MappableField]) -> FieldShape:
    return FieldShape(
        key=field.key,
        title=field.title,
        type="slug" if field.is_slug else field.kind.name,
        value=settings.plain().get(field.key),
        default=field.default,
        options=_options(field, mappable),
        help=field.help,
        plan=field.plan,
    )


def _options(field: SettingsField, mappable: Sequence[MappableField]) -> list[str] | None:
    """The words of a choice; of the field map, the fields of the accounting system with their types."""
    if field.key == "field_map":
        return [f"{f.name} ({f.type})" for f in mappable]
    return list(field.kind.options) if isinstance(field.kind, Choice) else None


def _mappable(host: Host, settings: Settings) -> Sequence[MappableField]:
    """None while it is not known which accounting system the workspace has."""
    try:
        return host.plugins.backend(settings).mappable
    except AttiBooksError:
        return ()


async def slug_problems(host: Host, caller: Caller, settings: Settings) -> list[Problem]:
    """Warnings about attributes that the settings name and no object has."""
    wanted = {f.key: f for f in host.plugins.catalog.fields.values() if f.is_slug and settings.text(f.key)}
    reader = host.plugins.readers.get(caller.gateway)
    if not wanted or reader is None:
        return []
    try:
        objects = await reader.describe_fields(_context(caller, settings))
    except AttiBooksError as error:
        fix = "Open the settings again later."
        return [Problem("settings", error.code, f"The slugs could not be checked. {error.message}", fix, "warning")]
    return [p for f in wanted.values() if (p := _slug_problem(f, str(settings.text(f.key)), objects))]


def _slug_problem(field: SettingsField, slug: str, objects: Mapping[str, Sequence[FieldInfo]]) -> Problem | None:
    known = {info.slug: info for infos in objects.values() for info in infos if not info.is_archived}
    archived = {info.slug for infos in objects.values() for info in infos if info.is_archived}
    fix = f"Correct it in settings section {field.section}."
    if slug in known:
        return None
    if slug in archived:
        message = f"{field.title}: the attribute `{slug}` is archived."
        return Problem(field.key, "archived_attribute", message, f"Restore it, or choose another. {fix}", "warning")
    titles = {info.title.lower(): info.slug for info in known.values()}
    guess = f" Did you mean `{titles[slug.lower()]}`?" if slug.lower() in titles else did_you_mean(slug, known)
    message = f"{field.title}: no object has an attribute with the slug `{slug}`.{guess}"
    return Problem(field.key, "unknown_attribute", message, fix, "warning")


def _context(caller: Caller, settings: Settings) -> WorkspaceContext:
    return WorkspaceContext(caller.workspace_id, settings, caller.crm, caller.accounting, NoMemory())
