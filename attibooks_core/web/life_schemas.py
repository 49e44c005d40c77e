"""Bodies of the calls about an invoice that there is (contract §3). Unknown members are refused."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from attibooks_core.invoicing.changing.wishes import Wishes
from attibooks_core.invoicing.edits import LineEdit, Text
from attibooks_core.web.schemas import DraftText, RecordBody

VersionText = Annotated[str, Meta(min_length=1, max_length=200)]


class EditBody(RecordBody, kw_only=True):
    """*Edit Invoice in QuickBooks*: `version` is that of the live invoice; absent parts stay as they are."""

    version: VersionText
    due_date: Text = UNSET
    memo: Text = UNSET
    lines: list[LineEdit] | UnsetType = UNSET

    @property
    def wishes(self) -> Wishes:
        """What shall be different."""
        return Wishes(due_date=self.due_date, memo=self.memo, lines=self.lines)


class VoidBody(RecordBody, kw_only=True):
    """*Void in QuickBooks*: without a token a question, with the question's token the answer."""

    confirm_token: DraftText | None = None
