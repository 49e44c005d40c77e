"""Commands for operators: `attibooks stripe`."""

import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from attibooks_stripe_billing.setup import Step, Tariff


@click.group("stripe")
def stripe_commands() -> None:
    """The account of Stripe that sells Pro."""


@stripe_commands.command("setup")
@click.option("--amount", default=3900, show_default=True, type=click.IntRange(1), help="Cents a month, before tax.")
@click.option("--currency", default="eur", show_default=True, help="Three letters.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program instead of lines.")
def set_up(amount: int, currency: str, *, as_json: bool) -> None:
    """Make product, price, portal configuration and webhook endpoint, whichever is missing.

    The key may be another one than the host's, with more rights: give it as ATTIBOOKS_STRIPE__API_KEY to this command
    only. A new endpoint's signing secret is printed once; Stripe does not show it again.
    """
    from attibooks_stripe_billing.setup import Tariff  # noqa: PLC0415 - `attibooks --help` has to be quick

    steps = asyncio.run(_run(Tariff(amount, currency.lower()), quiet=as_json))
    if as_json:
        click.echo(json.dumps({"steps": [asdict(step) for step in steps]}, indent=2))
    if any(step.state == "failed" for step in steps):
        raise SystemExit(1)


async def _run(tariff: "Tariff", *, quiet: bool) -> "list[Step]":
    from attibooks_core.toolbox import services  # noqa: PLC0415 - as above
    from attibooks_stripe_billing.gateway import StripeGateway  # noqa: PLC0415
    from attibooks_stripe_billing.settings import StripeSettings  # noqa: PLC0415
    from attibooks_stripe_billing.setup import Setup, check  # noqa: PLC0415

    done = []
    with services() as host:
        settings = host.plugin_settings("stripe", StripeSettings)
        check(settings)
        try:
            async for step in Setup(StripeGateway(host, settings), settings, host.public_url).run(tariff):
                done.append(step)
                if not quiet:
                    _print(step)
        finally:
            await host.http.close()
    return done


def _print(step: "Step") -> None:
    click.echo(f"{step.state:<10} {step.what} {step.id or ''}".rstrip() + (f" ({step.note})" if step.note else ""))
    if step.secret:
        click.echo(f"           ATTIBOOKS_STRIPE__WEBHOOK_SECRETS='[\"{step.secret}\"]'")
