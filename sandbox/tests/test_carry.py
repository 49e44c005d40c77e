"""State as bytes: every type of the state can be carried, every way of changing it is noticed."""

import ast
import inspect
import sys
import textwrap
import types
from collections import OrderedDict, deque
from collections.abc import Mapping, MutableMapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attibooks_sandbox.attio.model import Member
from attibooks_sandbox.attio.values.contacts import Email
from attibooks_sandbox.kernel.carry import CannotCarryError, Packer, UnknownStateError, Unpacker, settled
from attibooks_sandbox.kernel.clock import Clock
from attibooks_sandbox.kernel.folder import Folder
from attibooks_sandbox.kernel.ids import Ids
from attibooks_sandbox.kernel.state import State
from attibooks_sandbox.quickbooks.company import Promise
from attibooks_sandbox.quickbooks.switches import Switches
from attibooks_sandbox.worlds.build import World

NOW = datetime(2026, 11, 23, 9, 15, 2, 250_000, tzinfo=UTC)
PLAIN = {str, bool, int, float, bytes, type(None), Decimal, datetime, date, timedelta, type(msgspec.UNSET)}
HOLDING = {list, tuple, set, frozenset, deque, dict, OrderedDict, Mapping, MutableMapping, Sequence}


# every type


def attributes_of(kind):
    """Return the types of a state's attributes: as its constructor annotates them, or as it takes them."""
    module = vars(sys.modules[kind.__module__])
    known = get_type_hints(kind.__init__, module)
    found = {}
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(kind.__init__)))):
        target = (
            node.target
            if isinstance(node, ast.AnnAssign)
            else node.targets[0]
            if isinstance(node, ast.Assign)
            else None
        )
        if not isinstance(target, ast.Attribute):
            continue
        if isinstance(node, ast.AnnAssign):
            found[target.attr] = eval(ast.unparse(node.annotation), module)
        elif isinstance(node.value, ast.Name):
            found[target.attr] = known[node.value.id]
    return {name: held for name, held in found.items() if name not in kind.derived}


def parts_of(kind):
    """Return the types that a type is made of, by name; None for one that cannot be carried."""
    origin = get_origin(kind)
    base = origin or kind
    arguments = {f"<{n}>": part for n, part in enumerate(get_args(kind)) if part is not Ellipsis}
    if kind in PLAIN or kind in {Any, object} or origin is Literal or isinstance(kind, TypeVar):
        return {}
    if origin in {Union, types.UnionType} or origin in HOLDING:
        return arguments
    if not isinstance(base, type):
        return None
    if issubclass(base, State):
        return attributes_of(base) | arguments
    if issubclass(base, msgspec.Struct):
        return get_type_hints(base)
    return {} if issubclass(base, str) else None


def unfit(kind, place, seen):
    """Yield the places of types that cannot be carried."""
    if kind in seen:
        return
    seen.add(kind)
    parts = parts_of(kind)
    if parts is None:
        yield f"{place}: {kind}"
        return
    for name, part in parts.items():
        yield from unfit(part, f"{place}.{name}", seen)


@pytest.mark.parametrize("kind", [World, Clock, Switches])
def test_every_type_of_the_state_can_be_carried(kind):
    seen = set()
    assert list(unfit(kind, kind.__name__, seen)) == []


def test_the_walk_over_types_sees_the_whole_state():
    seen = set()
    list(unfit(World, "World", seen))
    names = {getattr(kind, "__name__", "") for kind in seen}
    assert {"Workspace", "Record", "Version", "Token", "Company", "Table", "Invoice", "TaxLine", "Promise"} <= names


def test_a_type_that_cannot_be_carried_is_found():
    class Bad(msgspec.Struct):
        task: dict[str, list[complex]]

    assert list(unfit(Bad, "Bad", set())) == ["Bad.task.<1>.<0>: <class 'complex'>"]


def kind_of(value):
    return type(value).__name__


VALUES = [
    None, True, 0, -1, 1 << 80, -(1 << 63), 1.5, "", "Größe 🎉", b"\0\xff", Decimal("100.00"), Decimal("-0.1"), NOW,
    NOW.replace(tzinfo=None), date(2026, 2, 28), timedelta(days=-1, microseconds=5), (), (1, (2,)), [[], {}],
    {"a": {1: (2,)}, ("x", "y"): None, None: 0}, OrderedDict(b=1, a=2), {1, 2}, frozenset({"x"}), deque([1]), msgspec.UNSET,
    Member("i", "Ada", "Byron", "ada@x.example", "admin", NOW), Promise(200, "text/plain", b"x"), Email("Ada@X.example"),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=kind_of)
def test_values_come_back_as_they_were(value):
    back = Unpacker().value_of(Packer().bytes_of(value))
    assert back == value
    assert type(back) is type(value)
    assert str(back) == str(value)


def test_a_class_is_named_once():
    packer, unpacker = Packer(), Unpacker()
    first, second = (packer.bytes_of(Promise(200, kind, b"")) for kind in "ab")
    assert b"Promise" in first
    assert b"Promise" not in second
    assert [unpacker.value_of(raw).content_type for raw in (first, second)] == ["a", "b"]


@pytest.mark.parametrize("value", [object(), 1j, len, range(3), memoryview(b"")], ids=kind_of)
def test_what_cannot_be_carried_is_refused(value):
    with pytest.raises(CannotCarryError, match="cannot be carried over a restart"):
        Packer().bytes_of({"x": [value]})


@pytest.mark.parametrize(
    "raw",
    [
        [13, "os:system", ["command"], "true"],
        [13, "attibooks_sandbox.kernel.folder:Folder", ["path"], "x"],
        [13, "attibooks_sandbox.kernel.clock:nothing", [] ],
        [13, "attibooks_sandbox.quickbooks.company:Promise", ["status"], 200],
        [13, "attibooks_sandbox.quickbooks.company:Promise", ["status", "content_type", "body", "new"], 1, "", b"", 2],
        [14, 7],
        [99],
        [],
    ],
    ids=str,
)  # fmt: skip
def test_bytes_of_another_version_or_of_somebody_else_are_refused(raw):
    with pytest.raises(UnknownStateError):
        Unpacker().value_of(msgspec.msgpack.encode(raw))


def test_bytes_that_are_no_state_are_refused():
    with pytest.raises(UnknownStateError):
        Unpacker().value_of(b"\xc1")


# every change


class Part(State):
    """A state made by its owner, with something derived."""

    derived = frozenset({"doubled"})

    def __init__(self, factor):
        self.numbers = {}
        self.doubled = {}
        self._keep = factor

    def rebuild(self):
        self.doubled = {key: 2 * value for key, value in self.numbers.items()}


class Whole(State):
    """A state with one of everything that can change."""

    def __init__(self, name):
        self.name = name
        self.count = 0
        self.twin = 1
        self.plain = {}
        self.nested = {"a": {}, "b": {}}
        self.order = OrderedDict()
        self.items = []
        self.switches = Switches()
        self.parts = {}


Part.__module__ = Whole.__module__ = "attibooks_sandbox.kernel.state"
KEYS = st.sampled_from(["a", "b", "c"])
NUMBERS = st.integers(0, 3)
STEPS = {
    "count": lambda w, _, n: setattr(w, "count", n),
    "swap": lambda w, *_: w.__dict__.update(count=w.twin, twin=w.count),
    "set": lambda w, k, n: w.plain.__setitem__(k, n),
    "pop": lambda w, k, _: w.plain.pop(k, None),
    "default": lambda w, k, n: w.plain.setdefault(k, n),
    "update": lambda w, k, n: w.plain.update({k: n}, b=n),
    "merge": lambda w, k, n: w.plain.__ior__({k: n}),
    "clear": lambda w, *_: w.plain.clear(),
    "popitem": lambda w, *_: w.plain and w.plain.popitem(),
    "replace": lambda w, k, n: setattr(w, "plain", {k: n}),
    "inner": lambda w, k, n: w.nested.setdefault(k, {}).__setitem__(n, k),
    "inner whole": lambda w, k, n: w.nested.__setitem__(k, {n: n}),
    "inner gone": lambda w, k, _: w.nested.pop(k, None),
    "inner moved": lambda w, k, n: w.nested.__setitem__("z", w.nested.pop(k, {n: n})),
    "order": lambda w, k, n: w.order.__setitem__(k, n),
    "oldest": lambda w, *_: w.order and w.order.popitem(last=False),
    "append": lambda w, _, n: w.items.append([n]),
    "append within": lambda w, _, n: w.items and w.items[0].append(n),
    "list": lambda w, _, n: setattr(w, "items", [[n]]),
    "switch": lambda w, _, n: setattr(w.switches, "metered_calls_allowed", n),
    "part": lambda w, k, n: w.parts.setdefault(k, Ids(k)).hex(2 + n),
    "part gone": lambda w, k, _: w.parts.pop(k, None),
}


def plain(value):
    if isinstance(value, State):
        return {name: plain(held) for name, held in vars(value).items()}
    return {key: plain(held) for key, held in value.items()} if isinstance(value, dict) else value


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from(sorted(STEPS)), KEYS, NUMBERS, st.booleans()), max_size=25))
def test_every_change_is_kept(tmp_path_factory, steps):
    sys.modules["attibooks_sandbox.kernel.state"].Whole = Whole
    folder = Folder(tmp_path_factory.mktemp("kept"))
    whole = Whole("w")
    folder.begin({"whole": whole})
    for name, key, number, keep in steps:
        STEPS[name](whole, key, number)
        if keep:
            folder.keep()
    folder.close()
    again = Folder(folder.path)
    back = again.load()
    again.close()
    assert plain(back["whole"]) == plain(whole)


def test_derived_attributes_are_made_anew():
    part = Part(len)
    part.numbers, part._keep = {"a": 2}, None
    held = settled({"part": Part.loose(part.carried())})["part"]
    fresh = Part(len)
    fresh.adopt(held.carried())
    assert fresh.doubled == {"a": 4}
