"""Alembic's environment: one connection that the caller hands over, one transaction for the whole upgrade."""

from typing import Any, Literal

from alembic import context

from attibooks_core.storage.tables import metadata
from attibooks_core.storage.types import Instant


def render(kind: str, value: Any, _autogen: object) -> str | Literal[False]:  # noqa: ANN401 - Alembic's signature
    """Write our own column types into generated migrations by their plain name."""
    if kind == "type" and isinstance(value, Instant):
        return "Instant()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=render,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
