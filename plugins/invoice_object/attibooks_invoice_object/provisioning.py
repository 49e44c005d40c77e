"""Run Setup: the object and its attributes, made where they are missing (product rows 92-97)."""

from attibooks_core.capabilities import RecordStore
from attibooks_core.errors import Refused
from attibooks_core.lifecycle import AttributeSpec, SetupReport, StoredAttribute
from attibooks_core.protocols import WorkspaceContext
from attibooks_invoice_object.conflicts import attribute_problems, name_taken, object_problems, setup_conflict
from attibooks_invoice_object.schema import ATTRIBUTES, PLURAL, SINGULAR


class Setup:
    """One run. It looks at everything, then makes what is missing, one thing after another.

    A run that is cut off leaves only right things behind, so the next one goes on where it ended. Nothing that is
    there is ever changed, but for what was archived, and the options that a select lacks.
    """

    def __init__(self, ws: WorkspaceContext, records: RecordStore, slug: str) -> None:
        self._ws = ws
        self._records = records
        self._slug = slug

    async def run(self) -> SetupReport:
        """Make what is missing.

        :raises Conflict: code `setup_conflict`; nothing was made.
        :raises Refused: code `quota_exceeded`.
        """
        exists = await self._records.has_object(self._ws, self._slug)
        problems = object_problems(self._slug, self._ws.settings, exists=exists)
        if problems:
            raise setup_conflict(problems)
        if not exists:
            await self._create_object()
        stored = await self._checked()
        made: dict[str, list[str]] = {"created": [], "unchanged": [], "repaired": []}
        for spec in ATTRIBUTES:
            made[await self._bring(spec, stored.get(spec.slug))].append(spec.slug)
        return SetupReport(self._slug, *(tuple(made[how]) for how in ("created", "unchanged", "repaired")))

    async def _create_object(self) -> None:
        try:
            await self._records.create_object(self._ws, self._slug, SINGULAR, PLURAL)
        except Refused as refusal:
            if refusal.code == "name_taken":
                raise setup_conflict([name_taken()]) from refusal
            if refusal.code != "quota_exceeded":
                raise
            message = f"{refusal.message} Or name an object that exists already, in settings section 7."
            raise Refused(message, code=refusal.code, reference=refusal.reference) from refusal

    async def _checked(self) -> dict[str, StoredAttribute]:
        stored = {a.slug: a for a in await self._records.attributes(self._ws, self._slug)}
        problems = attribute_problems(self._slug, stored, self._ws.settings)
        if problems:
            raise setup_conflict(problems)
        return stored

    async def _bring(self, spec: AttributeSpec, found: StoredAttribute | None) -> str:
        """See to one attribute; the word for what had to be done."""
        if found is None:
            await self._records.create_attribute(self._ws, self._slug, spec)
            return "created"
        if found.is_archived:
            await self._records.restore_attribute(self._ws, self._slug, spec.slug)
        missing = [title for title in spec.options if title not in found.options]
        for title in missing:
            await self._records.add_option(self._ws, self._slug, spec.slug, title)
        return "repaired" if found.is_archived or missing else "unchanged"
