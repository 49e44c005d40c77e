"""The command group: our commands, and those that plugins add."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from attibooks_core import __version__
from attibooks_core.cli.commands import db, plugins, serve, worker
from attibooks_core.cli.operators import explain, reconcile, sync
from attibooks_core.errors import AttiBooksError

F = TypeVar("F", bound=Callable[..., Any])


class Program(click.Group):
    """Knows the commands of plugins only when somebody asks for one of them, or for the list."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Our commands, then the plugins'."""
        return [*super().list_commands(ctx), *sorted(_plugin_commands())]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """A command by name; ours come first."""
        return super().get_command(ctx, name) or _plugin_commands().get(name)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click has it
        """Run; an error of ours is one sentence and exit status 1."""
        try:
            return super().invoke(ctx)
        except AttiBooksError as error:
            raise click.ClickException(error.message) from error


@functools.cache
def _plugin_commands() -> dict[str, click.Command]:
    from attibooks_core.host_settings import load_host_settings
    from attibooks_core.plugins import Plugins, installed_candidates

    settings = load_host_settings()
    found = Plugins(installed_candidates(), None, allowed=settings.plugins, blocked=settings.blocked_plugins)
    commands, complaints = found.commands()
    for complaint in complaints:
        click.echo(f"warning: {complaint}", err=True)
    return commands


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="attibooks")
def main() -> None:
    """AttiBooks: records of Attio become invoices in QuickBooks."""


for command in (serve, worker, db, plugins, explain, sync, reconcile):
    main.add_command(command)
