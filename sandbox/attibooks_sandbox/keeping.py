"""Keeps a sandbox in a folder, so that it goes on after a restart where it ended."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec

from attibooks_sandbox.kernel.folder import Folder
from attibooks_sandbox.kernel.state import FolderError
from attibooks_sandbox.worlds.build import Size, World

if TYPE_CHECKING:
    from attibooks_sandbox.app import SandboxApp
    from attibooks_sandbox.kernel.clock import Clock
    from attibooks_sandbox.quickbooks.switches import Switches


class Keeping:
    """What is kept: every member of the world, the clock and the switches. Faults, limits and the log are not.

    `starts` tells how often the folder was opened, so that trace ids do not come twice.
    """

    def __init__(self, path: Path) -> None:
        """Take hold of a folder."""
        self._folder = Folder(path)
        self.starts = 0

    def load(self, app: SandboxApp, seed: int | None, size: Size | None) -> World | None:
        """Return the world that the folder holds and set clock and switches; None if the folder is new.

        A folder that holds another world than the one that is asked for is refused.
        """
        try:
            held = self._folder.load()
            if held is None:
                return None
            self.starts = cast("int", held.pop("starts")) + 1
            app.clock, app.switches = cast("Clock", held.pop("clock")), cast("Switches", held.pop("switches"))
            world = World(**held)  # type: ignore[arg-type]
        except (TypeError, KeyError) as error:
            self.close()
            message = f"The folder {self._folder.path} was written by another version of the sandbox: {error}."
            raise FolderError(message) from error
        except FolderError:
            self.close()
            raise
        if seed not in {None, world.seed} or size not in {None, world.size}:
            self.close()
            message = (
                f"The folder {self._folder.path} holds the {world.size} world of seed {world.seed}; "
                "name another folder, or no seed and size."
            )
            raise FolderError(message)
        return world

    def begin(self, app: SandboxApp) -> None:
        """Keep the present world in place of what was kept."""
        more = {"clock": app.clock, "switches": app.switches, "starts": self.starts}
        self._folder.begin(msgspec.structs.asdict(app.world) | more)

    def keep(self) -> None:
        """Write what changed."""
        self._folder.keep()

    def close(self) -> None:
        """Let go of the folder."""
        self._folder.close()
