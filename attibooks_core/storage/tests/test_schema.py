"""Migrations lead to the tables that the code declares, on both databases."""

from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from attibooks_core.storage import schema
from attibooks_core.storage.engine import Database


def test_the_migrations_lead_to_the_declared_tables(database):
    database.write_now(lambda c: command.check(schema.config(c)))


def test_the_constant_names_the_newest_migration(database):
    scripts = database.write_now(lambda c: ScriptDirectory.from_config(schema.config(c)))
    assert scripts.get_heads() == [schema.HEAD]


def test_upgrading_twice_changes_nothing(database):
    schema.upgrade(database)
    assert schema.revision(database) == schema.HEAD


def test_an_empty_database_has_no_revision(new_database, database_kind):
    empty = Database(new_database(database_kind))
    assert schema.revision(empty) is None
    empty.close()


def test_every_migration_can_be_undone(database):
    database.write_now(lambda c: command.downgrade(schema.config(c), "base"))
    assert schema.revision(database) is None or not schema.revision(database)


def test_migrations_are_in_the_package():
    assert (Path(schema.__file__).parent / "migrations" / "script.py.mako").is_file()
