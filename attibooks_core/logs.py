"""Structured logs: one line per event, ids only.

Everything, also what libraries log, goes through one formatter to standard error. Nobody logs headers, queries or
bodies; a test plants a secret everywhere and looks for it here.
"""

import logging
import sys
from typing import Any

import structlog

QUIET = ("httpx", "httpcore", "uvicorn.access", "alembic")
"""Loggers whose INFO lines say nothing that ours do not say."""


def configure_logs(log_format: str | None, level: int = logging.INFO) -> None:
    """Set up logging for a process of the host.

    :param log_format: `json` or `console`; None chooses by whether standard error is a terminal.
    """
    console = log_format == "console" or (log_format is None and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_render(console=console)],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.getLogger("dbos").handlers = [handler]
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _render(*, console: bool) -> list[Any]:
    if console:
        return [structlog.dev.ConsoleRenderer()]
    return [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
