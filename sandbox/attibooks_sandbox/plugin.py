"""Adds the commands `attibooks sandbox` and `attibooks demo` to the host's program.

Only this module knows click and pluggy: the sandbox itself is used without the host too.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pluggy

if TYPE_CHECKING:
    from attibooks_sandbox.worlds.build import Size

attibooks_api = (1, 0)
hookimpl = pluggy.HookimplMarker("attibooks")


@hookimpl
def register_commands(cli: click.Group) -> None:
    """Add the commands (see the hook of the same name)."""
    cli.add_command(sandbox)
    cli.add_command(demo)


@click.command()
@click.option("--host", "address", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option("--port", default=8100, show_default=True, type=click.IntRange(0, 65535), help="0 takes any free port.")
@click.option("--seed", type=int, help="Which world; from 2 on with 20,000 invoices, 5,000 records.  [default: 1]")
@click.option("--size", type=click.Choice(["small", "large"]), help="Its size, if it shall be another than the seed's.")
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="A folder that carries everything over a restart."
)
@click.option("--no-limits", is_flag=True, help="Begin with the vendors' throttles off.")
@click.option("--host-url", default=None, help="The AttiBooks host that the page calls.  [default: port 8000 here]")
def sandbox(
    address: str,
    port: int,
    seed: int | None,
    *,
    size: Size | None,
    data: Path | None,
    no_limits: bool,
    host_url: str | None,
) -> None:
    """Run Attio and QuickBooks on loopback, with a page to use them by."""
    from attibooks_sandbox.__main__ import serve  # noqa: PLC0415 - loaded when it is run
    from attibooks_sandbox.app import HOST_URL  # noqa: PLC0415

    raise SystemExit(
        serve(address, port, seed, size=size, limits=not no_limits, host_url=host_url or HOST_URL, data=data)
    )


@click.command()
@click.option("--once", "alone", is_flag=True, help="Do the main job without a browser, print each step, and end.")
@click.option("--json", "as_json", is_flag=True, help="With --once: print the steps as JSON.")
def demo(*, alone: bool, as_json: bool) -> None:
    """Run the sandbox and a host, connected, until Ctrl-C."""
    if as_json and not alone:
        raise click.UsageError("--json needs --once.")
    from attibooks_sandbox.demo.guide import guide  # noqa: PLC0415 - loaded when it is run
    from attibooks_sandbox.demo.once import once  # noqa: PLC0415
    from attibooks_sandbox.demo.stage import DemoError  # noqa: PLC0415

    terminal = _Terminal()
    try:
        if not alone:
            guide(terminal.say, terminal.tick)
            return
        steps = once(_silent if as_json else terminal.tell, terminal.tick)
    except DemoError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(steps, indent=2, ensure_ascii=False))


class _Terminal:
    """Says things, and shows a person with dots that something is under way."""

    def __init__(self) -> None:
        self._dotted = False

    def tick(self) -> None:
        """Show a dot."""
        if sys.stderr.isatty():
            click.echo(".", nl=False, err=True)
            self._dotted = True

    def say(self, text: str) -> None:
        """Say something on lines of its own."""
        if self._dotted:
            click.echo(err=True)
            self._dotted = False
        click.echo(text)

    def tell(self, step: str) -> None:
        """Say a step; on a terminal its title stands out."""
        title, newline, rest = step.partition("\n")
        self.say(f"{click.style(title, bold=True)}{newline}{rest}")


def _silent(_: str) -> None:
    """Say nothing."""
