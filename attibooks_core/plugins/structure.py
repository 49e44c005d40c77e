"""Whether an object has the shape of its Protocol.

`isinstance` with a runtime-checkable Protocol looks at names only: it passes a sync method where an async one is due,
and other parameter names. This looks at both, once, when an object is registered.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

KEY = re.compile(r"[a-z][a-z0-9_]{1,31}")


def object_problems(candidate: object, protocol: type) -> list[str]:
    """Everything that keeps an object from being used as `protocol`; empty when nothing does."""
    problems = list(_member_problems(candidate, protocol))
    if "key" in _members(protocol) and hasattr(candidate, "key") and not KEY.fullmatch(str(candidate.key)):
        problems.append(f"has the key {candidate.key!r}, which is not like 'quickbooks'")
    return problems


def _members(protocol: type) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for base in reversed(protocol.__mro__):
        if base.__module__ not in {"builtins", "typing"}:
            members |= {**inspect.get_annotations(base), **vars(base)}
    return {name: wanted for name, wanted in members.items() if not name.startswith("_")}


def _member_problems(candidate: object, protocol: type) -> Iterator[str]:
    for name, wanted in _members(protocol).items():
        offered = getattr(candidate, name, None)
        if offered is None:
            yield f"lacks {name}"
        elif inspect.isfunction(wanted):
            yield from _signature_problems(name, wanted, offered)


def _signature_problems(name: str, wanted: Callable[..., Any], offered: Any) -> Iterator[str]:  # noqa: ANN401
    if not callable(offered):
        yield f"{name} must be a method"
        return
    if inspect.iscoroutinefunction(wanted) != inspect.iscoroutinefunction(offered):
        yield f"{name} must {'' if inspect.iscoroutinefunction(wanted) else 'not '}be async"
    expected = list(inspect.signature(wanted).parameters)[1:]
    taken = inspect.signature(offered).parameters
    open_ended = any(p.kind is p.VAR_KEYWORD for p in taken.values())
    yield from (f"{name} does not take {p}" for p in expected if p not in taken and not open_ended)
    yield from (f"{name} demands {p.name}" for p in taken.values() if p.name not in expected and _required(p))


def _required(parameter: inspect.Parameter) -> bool:
    return parameter.default is parameter.empty and parameter.kind not in {
        parameter.VAR_KEYWORD,
        parameter.VAR_POSITIONAL,
    }
