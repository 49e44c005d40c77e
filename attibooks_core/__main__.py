"""`python -m attibooks_core` is the program `attibooks`."""

from attibooks_core.cli import main

main(prog_name="attibooks")
