"""The baseline of B6: Litestar, SQLAlchemy and the launched engine, one route. Arguments: port, engine's database."""

import sqlite3
import sys
from contextlib import asynccontextmanager

import sqlalchemy as sa
import uvicorn
from dbos import DBOS, DBOSConfig
from litestar import Litestar, get

PORT, DATABASE = int(sys.argv[1]), sys.argv[2]


@get("/health/live")
async def live() -> dict[str, str]:
    """The one route."""
    return {"status": "ok"}


@asynccontextmanager
async def lifespan(_: Litestar):
    """Launch the engine."""
    with sqlite3.connect(DATABASE) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    DBOS(config=DBOSConfig(name="bare", system_database_url=f"sqlite:///{DATABASE}", log_level="WARNING"))
    DBOS.launch()
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT 1"))
    yield


uvicorn.run(Litestar([live], lifespan=[lifespan]), port=PORT, log_level="warning")
