"""The program `attibooks`. Commands import what they need when they run: `--help` has to be quick."""

from attibooks_core.cli.program import main

__all__ = ["main"]
