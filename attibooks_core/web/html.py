"""Pages that this host shows in a browser: they load nothing from elsewhere and run no script."""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from litestar import MediaType, Response

if TYPE_CHECKING:
    from jinja2 import Template

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Of every page, and of every redirect between pages."""


def html_page(name: str, status: int = 200, **values: object) -> Response[Any]:
    """A page of the folder `pages`, with its values escaped."""
    return Response(_template(name).render(values), status_code=status, media_type=MediaType.HTML, headers=HEADERS)


@cache
def _template(name: str) -> "Template":
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - few hosts show such a page

    text = (files(__package__) / "pages" / name).read_text(encoding="utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(text)
