"""Alembic's environment and the migrations, in the wheel so that an installed host can upgrade its database."""
