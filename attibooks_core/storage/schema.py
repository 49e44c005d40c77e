"""Bringing a database to the schema that this release needs.

Alembic is imported only where it has work to do: comparing one string with `HEAD` is all that a start costs.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from attibooks_core.storage.engine import Database

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0005"
"""Newest migration; a test compares it with the folder."""


def revision(database: Database) -> str | None:
    """The migration that the database stands at; None for an empty one."""
    found = sa.text("SELECT version_num FROM alembic_version")
    try:
        return database.write_now(lambda c: c.execute(found).scalar_one_or_none())
    except (sa.exc.OperationalError, sa.exc.ProgrammingError) as error:
        if "alembic_version" not in str(error.orig):  # anything but "there is no such table"
            raise
        return None


def upgrade(database: Database) -> None:
    """Apply every missing migration, all or none; a database that is up to date is left alone."""
    if revision(database) == HEAD:
        return
    from alembic import command  # noqa: PLC0415 - see the module

    database.write_now(lambda c: command.upgrade(config(c), "head"))


def config(connection: sa.Connection) -> "Config":
    """Alembic's configuration for one connection."""
    from alembic.config import Config  # noqa: PLC0415

    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    settings.attributes["connection"] = connection
    return settings
