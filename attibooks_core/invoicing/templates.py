"""Text templates: `{{ record.name }} - {{ period }}` on an invoice, filled in safely.

A template is a small part of Jinja2's language: values, `if`, comparisons, sums, and the filters of
`template_filters`. It is whoever may change the settings that writes one, and it runs inside the host: so there are no
loops, no calls and no way to anything but the values, and time, memory and output are bounded. Text without braces is
no template and stays as it is.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

from attibooks_core.invoicing.template_values import MAX_OUTPUT, BadTemplate, TemplateValues, joined

__all__ = ["MAX_OUTPUT", "MAX_TEMPLATE", "BadTemplate", "TemplateValues", "check", "is_template", "render"]

MAX_TEMPLATE = 4000
"""Longest template; the settings take no longer text either."""
KEPT_TEMPLATES = 128


def is_template(text: str) -> bool:
    """Whether a text has anything to fill in."""
    return any(mark in text for mark in ("{{", "{%", "{#"))


def check(text: str) -> None:
    """See that a text is plain or an allowed template, without any record.

    :raises BadTemplate: with one sentence that says what is not allowed.
    """
    if is_template(text):
        _compiled(text)


def render(text: str, values: TemplateValues) -> str:
    """The text filled in, at most `MAX_OUTPUT` characters; plain text comes back as it is.

    :raises BadTemplate: also for a value that the record lacks: nothing is left blank silently.
    """
    return joined(_compiled(text)(values)) if is_template(text) else text


@lru_cache(maxsize=KEPT_TEMPLATES)
def _compiled(text: str) -> Callable[[TemplateValues], Iterator[str]]:
    from attibooks_core.invoicing.template_syntax import compile_template  # noqa: PLC0415 - Jinja2 takes 5 MB

    if len(text) > MAX_TEMPLATE:
        raise BadTemplate(f"The template is longer than {MAX_TEMPLATE} characters.")
    return compile_template(text)
