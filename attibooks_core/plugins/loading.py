"""Finding plugins and admitting them, one by one.

pluggy's own loader stops the host at the first plugin that cannot be imported (even with SystemExit); this one
reports it and goes on.
"""

import inspect
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy

from attibooks_core import hookspecs
from attibooks_core.hookspecs import ENTRY_POINT_GROUP, HOOK_API_VERSION
from attibooks_core.plugins.report import PluginReport, PluginState

_SPECS = {name for name in hookspecs.__all__ if name.startswith(("register_", "build_", "on_"))}


@dataclass(frozen=True)
class Candidate:
    """A plugin that may be loaded.

    :param load: imports it and gives the module or instance; may raise anything.
    """

    name: str
    distribution: str
    version: str
    load: Callable[[], object]


class NotAdmitted(Exception):
    """Why a plugin stays out."""

    def __init__(self, state: PluginState, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason


def installed_candidates() -> list[Candidate]:
    """Every plugin that an installed distribution declares, in an order that does not depend on the path."""
    found = entry_points(group=ENTRY_POINT_GROUP)
    return [_candidate(ep) for ep in sorted(found, key=lambda ep: (ep.name, _distribution(ep)))]


def load(
    candidates: Sequence[Candidate], allowed: Collection[str] | None, blocked: Collection[str]
) -> tuple[pluggy.PluginManager, dict[str, PluginReport]]:
    """Admit what can be admitted.

    :param allowed: names that may be loaded; None is all.
    :return: a manager with the admitted plugins, and a report on every candidate by name.
    """
    manager = pluggy.PluginManager("attibooks")
    manager.add_hookspecs(hookspecs)
    claims = Counter(c.name for c in candidates)
    reports: dict[str, PluginReport] = {}
    for candidate in candidates:
        report = PluginReport(candidate.name, candidate.distribution, candidate.version, PluginState.ACTIVE)
        try:
            _check_name(candidate, claims, allowed, blocked)
            hooks = _admit(manager, candidate)
        except NotAdmitted as refusal:
            report = replace(report, state=refusal.state, reason=refusal.reason)
        else:
            report = replace(report, hooks=hooks)
        reports[candidate.name] = _merged(reports.get(candidate.name), report)
    return manager, reports


def _candidate(ep: EntryPoint) -> Candidate:
    return Candidate(ep.name, _distribution(ep), ep.dist.version if ep.dist else "", ep.load)


def _distribution(ep: EntryPoint) -> str:
    return re.sub(r"[-_.]+", "-", ep.dist.name).lower() if ep.dist else ""


def _merged(first: PluginReport | None, second: PluginReport) -> PluginReport:
    if first is None:
        return second
    return replace(first, distribution=f"{first.distribution}, {second.distribution}")


def _check_name(
    candidate: Candidate, claims: Counter[str], allowed: Collection[str] | None, blocked: Collection[str]
) -> None:
    if claims[candidate.name] > 1:
        raise NotAdmitted(PluginState.CONFLICT, f"several distributions claim the name {candidate.name}; none is used")
    if candidate.name in blocked:
        raise NotAdmitted(PluginState.BLOCKED, "named in ATTIBOOKS_BLOCKED_PLUGINS")
    if allowed is not None and candidate.name not in allowed and not candidate.name.startswith("core."):
        raise NotAdmitted(PluginState.BLOCKED, "not named in ATTIBOOKS_PLUGINS")


def _admit(manager: pluggy.PluginManager, candidate: Candidate) -> tuple[str, ...]:
    plugin = _imported(candidate)
    if plugin is None or inspect.isclass(plugin) or inspect.isroutine(plugin):
        raise NotAdmitted(PluginState.INVALID, "the entry point must name a module or an instance")
    _check_api_version(plugin)
    hooks = dict(_implementations(manager, plugin))
    problem = next(_hook_problems(plugin, hooks), None)
    if problem:
        raise NotAdmitted(PluginState.INVALID, problem)
    try:
        manager.register(plugin, name=candidate.name)
    except (pluggy.PluginValidationError, ValueError, TypeError) as error:
        raise NotAdmitted(PluginState.INVALID, _one_line(error)) from error
    return tuple(sorted(name for name in hooks if name in _SPECS))


def _imported(candidate: Candidate) -> object:
    try:
        return candidate.load()
    except (Exception, SystemExit) as error:  # a plugin's import may raise anything
        raise NotAdmitted(PluginState.FAILED, f"{type(error).__name__}: {_one_line(error)}") from error


def _check_api_version(plugin: object) -> None:
    wanted = getattr(plugin, "attibooks_api", None)
    offered = ".".join(map(str, HOOK_API_VERSION))
    if not (isinstance(wanted, tuple) and len(wanted) == 2 and all(isinstance(n, int) for n in wanted)):
        raise NotAdmitted(PluginState.INCOMPATIBLE, f"declares no attibooks_api; this host offers hook API {offered}")
    if wanted[0] != HOOK_API_VERSION[0] or wanted[1] > HOOK_API_VERSION[1]:
        raise NotAdmitted(
            PluginState.INCOMPATIBLE, f"written for hook API {wanted[0]}.{wanted[1]}, this host offers {offered}"
        )


def _implementations(manager: pluggy.PluginManager, plugin: object) -> Iterator[tuple[str, Any]]:
    for attribute in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, attribute)
        if options is not None:
            yield options.get("specname") or attribute, options


def _hook_problems(plugin: object, hooks: dict[str, Any]) -> Iterator[str]:
    if not hooks:
        yield "implements no hook"
    for name, options in hooks.items():
        if name not in _SPECS:
            if not options["optionalhook"]:
                yield f"implements {name!r}, which is not a hook of this host"
            continue
        if options["wrapper"] or options["hookwrapper"]:
            yield f"{name} is a wrapper; hooks of this host take none"
        is_async = inspect.iscoroutinefunction(getattr(plugin, name, None))
        if is_async != name.startswith("on_"):
            yield f"{name} must {'' if name.startswith('on_') else 'not '}be async"


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
