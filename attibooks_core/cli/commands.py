"""Our own commands (contract §1)."""

import asyncio
import contextlib
import json
import signal
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from attibooks_core.host import Host

GRACE_SECONDS = 5

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program instead of a table.")


@click.command()
@click.option("--host", "address", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--no-worker", is_flag=True, help="Leave background work to `attibooks worker`.")
def serve(address: str, port: int, *, no_worker: bool) -> None:
    """Run the host: its HTTP routes, and the background work."""
    import uvicorn

    from attibooks_core.web.app import build_app

    host = _host(background=not no_worker)
    config = uvicorn.Config(
        build_app(host),
        host=address,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        lifespan="on",
    )
    server = uvicorn.Server(config)
    server.run()
    if not server.started:
        raise click.ClickException("The host did not start; the log above says why.")


@click.command()
def worker() -> None:
    """Run background work only; any number of them on PostgreSQL."""
    asyncio.run(_work(_host(background=True)))


@click.group()
def db() -> None:
    """The host's database."""


@db.command()
@as_json
def upgrade(*, as_json: bool) -> None:
    """Apply every missing migration."""
    from attibooks_core.storage import schema

    with _database() as database:
        before = schema.revision(database)
        schema.upgrade(database)
        after = schema.revision(database)
    said = f"Upgraded from {before or 'nothing'} to {after}." if before != after else f"Already at {after}."
    report({"before": before, "after": after}, said, as_json=as_json)


@db.command()
@as_json
def check(*, as_json: bool) -> None:
    """Say whether the database has this release's schema; exit status 1 if not."""
    from attibooks_core.storage import schema

    with _database() as database:
        found = schema.revision(database)
    current = found == schema.HEAD
    said = f"The schema is {found or 'missing'}; this release needs {schema.HEAD}."
    report({"revision": found, "needed": schema.HEAD, "current": current}, said, as_json=as_json)
    if not current:
        raise SystemExit(1)


@click.command()
@as_json
def plugins(*, as_json: bool) -> None:
    """List every plugin found, its state and why."""
    from attibooks_core.host import load_plugins
    from attibooks_core.host_settings import load_host_settings
    from attibooks_core.toolbox import services

    settings = load_host_settings()
    with services(settings) as tools:
        reports = load_plugins(settings, tools).reports
    rows = [
        {
            "name": r.name,
            "state": r.state.value,
            "distribution": r.distribution,
            "version": r.version,
            "reason": r.reason,
            "hooks": list(r.hooks),
        }
        for r in reports
    ]
    width = max((len(r.name) for r in reports), default=0)
    lines = [f"{r.name:<{width}}  {r.state.value:<12}  {r.reason or ', '.join(r.hooks)}" for r in reports]
    report({"plugins": rows}, "\n".join(lines), as_json=as_json)


def _host(*, background: bool) -> "Host":
    from attibooks_core.host import Host
    from attibooks_core.host_settings import load_host_settings
    from attibooks_core.logs import configure_logs

    settings = load_host_settings()
    configure_logs(settings.log_format)
    return Host(settings, background=background)


@contextlib.contextmanager
def _database() -> Any:  # noqa: ANN401 - an iterator of Database
    from attibooks_core.host_settings import load_host_settings
    from attibooks_core.storage.engine import Database

    database: Database = Database(load_host_settings().database_url)
    try:
        yield database
    finally:
        database.close()


async def _work(host: "Host") -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await host.open()
    try:
        await stopped.wait()
    finally:
        await host.close()


def report(facts: dict[str, Any], text: str, *, as_json: bool) -> None:
    """Say what was found, to a person or to a program."""
    click.echo(json.dumps(facts, indent=2) if as_json else text)
