"""Structured logs: one line per event, ids only.

Events have a name and facts; what libraries log goes through the same formatter to standard error. Nobody logs
headers, queries or bodies; a test plants a secret everywhere and looks for it here.

The standard library's logging with one formatter, and no framework on top: the one that was tried takes 130 ms and
5 MiB at every start, for it imports a terminal library.
"""

import contextlib
import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

QUIET = ("httpx", "httpcore", "uvicorn.access", "alembic")
"""Loggers whose INFO lines say nothing that ours do not say."""

_FACTS = "attibooks_facts"
_bound: ContextVar[Mapping[str, object]] = ContextVar("attibooks_log_facts", default=MappingProxyType({}))


class EventLog:
    """Logs events by name, with facts."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, event: str, **facts: object) -> None:
        """For those who look closely."""
        self._log(logging.DEBUG, event, facts)

    def info(self, event: str, **facts: object) -> None:
        """What happened."""
        self._log(logging.INFO, event, facts)

    def warning(self, event: str, **facts: object) -> None:
        """What an operator may want to know."""
        self._log(logging.WARNING, event, facts)

    def error(self, event: str, *, exc_info: BaseException | bool = False, **facts: object) -> None:
        """What an operator has to know."""
        self._log(logging.ERROR, event, facts, exc_info)

    def exception(self, event: str, **facts: object) -> None:
        """As `error`, with the exception that is being handled."""
        self._log(logging.ERROR, event, facts, exc_info=True)

    def _log(
        self, level: int, event: str, facts: Mapping[str, object], exc_info: BaseException | bool | None = None
    ) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, event, extra={_FACTS: {**_bound.get(), **facts}}, exc_info=exc_info)


@contextlib.contextmanager
def bound(**facts: object) -> Iterator[None]:
    """Add facts to every event that is logged meanwhile, in this task and those it starts."""
    token = _bound.set({**_bound.get(), **facts})
    try:
        yield
    finally:
        _bound.reset(token)


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Name, facts, level, logger, time and, after an exception, its stack."""
        return json.dumps(facts_of(record, self), default=str)


class ConsoleLines(logging.Formatter):
    """One line for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, name, facts."""
        facts = facts_of(record, self)
        head = f"{facts.pop('timestamp')[11:19]} {facts.pop('level'):<7} {facts.pop('event')}"
        stack = f"\n{facts.pop('exception')}" if "exception" in facts else ""
        del facts["logger"]
        return " ".join([head, *(f"{k}={v}" for k, v in facts.items())]) + stack


def facts_of(record: logging.LogRecord, formatter: logging.Formatter) -> dict[str, Any]:
    """Everything a line says."""
    facts: dict[str, Any] = {
        "event": record.getMessage(),
        **getattr(record, _FACTS, {}),
        "level": record.levelname.lower(),
        "logger": record.name,
        "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
    }
    if record.exc_info:
        facts["exception"] = formatter.formatException(record.exc_info)
    return facts


def configure_logs(log_format: str | None, level: int = logging.INFO) -> None:
    """Set up logging for a process of the host.

    :param log_format: `json` or `console`; None chooses by whether standard error is a terminal.
    """
    console = log_format == "console" or (log_format is None and sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.setFormatter(ConsoleLines() if console else JsonLines())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.getLogger("dbos").handlers = [handler]
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
