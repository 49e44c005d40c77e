"""Write a migration for what changed in the tables: `python -m attibooks_core.storage.migrations.new "message"`."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from attibooks_core.storage import schema
from attibooks_core.storage.engine import Database


def main(message: str) -> None:
    """Compare the tables with a database at the newest migration and write the difference down."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'compare.db'}")
        schema.upgrade(database)
        number = f"{int(schema.HEAD) + 1:04}"
        database.write_now(
            lambda c: command.revision(schema.config(c), message=message, autogenerate=True, rev_id=number)
        )
        database.close()


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or "change the tables")
