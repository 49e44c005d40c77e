"""Templates among the settings, checked when the settings are stored."""

from collections.abc import Iterator

from attibooks_core.invoicing.templates import BadTemplate, check
from attibooks_core.model import Problem
from attibooks_core.settings import Settings, SettingsCatalog

KEYS = ("template_service_description", "line_description")


def template_problems(catalog: SettingsCatalog, settings: Settings) -> list[Problem]:
    """What is wrong with the templates of a snapshot; plain text and slugs are fine."""
    return [problem for key, text in _texts(settings) if (problem := _problem(catalog, key, text))]


def _texts(settings: Settings) -> Iterator[tuple[str, str]]:
    yield from ((key, text) for key in KEYS if (text := settings.text(key)))
    yield from (("field_map", text) for text in (settings["field_map"] or {}).values())


def _problem(catalog: SettingsCatalog, key: str, text: str) -> Problem | None:
    try:
        check(text)
    except BadTemplate as error:
        field = catalog.fields[key]
        fix = f"Change it in settings section {field.section}."
        return Problem(key, "bad_template", f"{field.title}: {error}", fix)
    return None
