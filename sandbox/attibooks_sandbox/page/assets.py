"""What the browser loads. Read from the package at the first call for it, so that the sandbox starts without."""

from __future__ import annotations

from functools import cached_property
from importlib.resources import files

from attibooks_sandbox.kernel.messages import Response

TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
INDEX = "index.html"


class Assets:
    """The files of the page, by name."""

    @cached_property
    def _files(self) -> dict[str, bytes]:
        folder = files(__package__) / "static"
        return {each.name: each.read_bytes() for each in folder.iterdir() if each.name.rpartition(".")[2] in TYPES}

    def answer(self, name: str) -> Response | None:
        """Return the answer that carries a file, or None when there is no such file."""
        body = self._files.get(name)
        if body is None:
            return None
        kind = TYPES[name.rpartition(".")[2]]
        headers = [
            ("Content-Type", kind),
            ("Content-Security-Policy", POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-cache"),
        ]
        return Response(200, body, headers)
