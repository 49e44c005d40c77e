"""The query language of records: filters, sorts, pages (reference: Attio API, query)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from operator import itemgetter

import msgspec

from attibooks_sandbox.attio.errors import AttioError, filter_error
from attibooks_sandbox.attio.model import Attribute, ObjectType, Record
from attibooks_sandbox.attio.values import VALUE_TYPES, ValueRefusedError, ValueType
from attibooks_sandbox.attio.values.base import instant_text
from attibooks_sandbox.attio.workspace import Workspace

Path = tuple[str, ...]
Test = Callable[[Record], bool]
ValueTest = Callable[[object], bool]
LONGEST_PATH = 5
DEEPEST_FILTER = 60
_TEXT_OPERATORS = frozenset({"$contains", "$starts_with", "$ends_with"})
_ORDER_OPERATORS = frozenset({"$lt", "$lte", "$gt", "$gte"})
_SINCE_TYPES = frozenset({"select", "status"})


class FilterCompiler(msgspec.Struct, frozen=True):
    """Turns the filter of one object into a test of records; refuses what the object does not have."""

    kind: ObjectType
    workspace: Workspace

    def compile(self, raw: object, path: Path = ()) -> Test:
        """Return the test that a filter stands for; several members must all hold."""
        if not isinstance(raw, dict) or len(path) > DEEPEST_FILTER:
            raise filter_error("Error in filter: expected an object.", path)
        if "path" in raw or "constraints" in raw:
            return self._through_references(raw, path)
        tests = [self._member(name, value, (*path, name)) for name, value in raw.items()]
        return _all_of(tests)

    def _member(self, name: str, value: object, path: Path) -> Test:
        if name == "$and":
            return _all_of(self._several(value, path))
        if name == "$or":
            return _any_of(self._several(value, path))
        if name == "$not":
            inner = self._comparison(value, path)
            return lambda record: not inner(record)
        if name.startswith("$"):
            raise filter_error(f"Error in filter: unknown operator {name}.", path)
        return self._attribute(name, value, path)

    def _comparison(self, value: object, path: Path) -> Test:
        """Return the test inside a `$not`, which takes a single comparison."""
        if not isinstance(value, dict) or len(value) != 1 or not value.keys().isdisjoint({"$and", "$or", "$not"}):
            raise filter_error("Error in filter: $not takes a single comparison.", path)
        return self.compile(value, path)

    def _several(self, value: object, path: Path) -> list[Test]:
        if not isinstance(value, list):
            raise filter_error("Error in filter: expected an array.", path)
        return [self.compile(each, (*path, str(index))) for index, each in enumerate(value)]

    def _attribute(self, name: str, value: object, path: Path) -> Test:
        attribute = self.workspace.find_attribute(self.kind.id, name)
        if attribute is None or attribute.archived:
            raise filter_error(f"Unknown attribute slug: {name}.", path, code="unknown_filter_attribute_slug")
        return AttributeTest(attribute, self.workspace).compile(value, path)

    def _through_references(self, raw: dict[str, object], path: Path) -> Test:
        steps = reference_steps(raw.get("path"), self.kind, self.workspace, path)
        if set(raw) != {"path", "constraints"}:
            raise filter_error("Error in filter: path and constraints belong together.", path)
        constraints = raw["constraints"]
        last, holders = steps[-1], steps[:-1]
        inner = AttributeTest(last, self.workspace).compile(constraints, (*path, "constraints"))
        return lambda record: any(inner(each) for each in follow(record, holders, self.workspace))


def reference_steps(raw: object, kind: ObjectType, workspace: Workspace, path: Path) -> list[Attribute]:
    """Return the attributes that a path of [object, attribute] pairs names; all but the last are references."""
    pairs = raw if isinstance(raw, list) else []
    if not 1 <= len(pairs) <= LONGEST_PATH or not all(_is_pair(pair) for pair in pairs):
        raise filter_error(
            "Error in filter: path must hold one to five pairs of object and attribute.", (*path, "path")
        )
    first = workspace.find_object(pairs[0][0])
    if first is None or first.id != kind.id:
        raise filter_error("Error in filter: path must begin with the queried object.", (*path, "path", "0"))
    return [_step(pair, index, workspace, path) for index, pair in enumerate(pairs)]


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(each, str) for each in pair)


def _step(pair: list[str], index: int, workspace: Workspace, path: Path) -> Attribute:
    place = (*path, "path", str(index))
    kind = workspace.find_object(pair[0])
    attribute = None if kind is None else workspace.find_attribute(kind.id, pair[1])
    if attribute is None or attribute.archived:
        raise filter_error(f"Unknown attribute slug: {pair[1]}.", place, code="unknown_filter_attribute_slug")
    return attribute


def follow(record: Record, holders: Iterable[Attribute], workspace: Workspace) -> list[Record]:
    """Return the records that one reaches by following references, one attribute after the other."""
    reached = [record]
    for attribute in holders:
        links = [data for each in reached for data in each.data(attribute.id) if isinstance(data, tuple)]
        found = [workspace.find_record(*link) for link in links] if attribute.type == "record-reference" else []
        reached = [each for each in found if each is not None]
    return reached


class AttributeTest(msgspec.Struct, frozen=True):
    """Turns what a filter says of one attribute into a test of records: some value must pass."""

    attribute: Attribute
    workspace: Workspace

    @property
    def kind(self) -> ValueType:
        """Return the attribute's type."""
        return VALUE_TYPES[self.attribute.type]

    def compile(self, value: object, path: Path) -> Test:
        """Return the test of a shorthand value, of operators, or of fields with either."""
        if not isinstance(value, dict):
            return self._some_value(self._equals(self._shorthand_field(value, path), value, path))
        if not value:
            raise filter_error("Error in filter: expected a condition.", path)
        if "active_from" in value and self.attribute.type in _SINCE_TYPES:
            return self._since(value, path)
        presence = value.get("$not_empty")
        if presence is not None:
            return self._presence(presence, path, alone=len(value) == 1)
        if any(name.startswith("$") for name in value):
            return self._some_value(self._operators(self._field(None, path), value, path))
        tests = [self._field_test(name, inner, (*path, name)) for name, inner in value.items()]
        return self._some_value(lambda data: all(test(data) for test in tests))

    def _since(self, value: dict[str, object], path: Path) -> Test:
        """Return the test of when a value began to hold, and of whatever else is said of the same value."""
        wanted = value["active_from"]
        if not isinstance(wanted, dict) or not wanted or not wanted.keys() <= _ORDER_OPERATORS:
            raise filter_error("Error in filter: active_from takes $lt, $lte, $gt or $gte.", (*path, "active_from"))
        bounds = [(name, self._instant(each, (*path, "active_from", name))) for name, each in wanted.items()]
        rest = {name: each for name, each in value.items() if name != "active_from"}
        tests = [self._field_test(name, each, (*path, name)) for name, each in rest.items()]
        key = self.attribute.id
        return lambda record: any(
            all(_in_order(instant_text(version.since), name, bound) for name, bound in bounds)
            and all(test(version.data) for test in tests)
            for version in record.values.get(key, ())
        )

    def _instant(self, value: object, path: Path) -> object:
        try:
            return VALUE_TYPES["timestamp"].operand(value, "value")
        except ValueRefusedError as error:
            raise filter_error("Error in filter: malformed value.", path) from error

    def _shorthand_field(self, value: object, path: Path) -> str:
        """Return the field that a bare value is compared with; a name is compared as a whole."""
        if self.kind.field is None and self.attribute.type == "personal-name" and isinstance(value, str):
            return "full_name"
        return self._field(None, path)

    def _presence(self, presence: object, path: Path, *, alone: bool) -> Test:
        if not isinstance(presence, bool) or not alone or self.attribute.type == "email-address":
            raise filter_error("Error in filter: $not_empty cannot be used so here.", (*path, "$not_empty"))
        key = self.attribute.id
        return lambda record: bool(record.values.get(key)) is presence

    def _some_value(self, test: ValueTest) -> Test:
        key = self.attribute.id
        return lambda record: any(test(data) for data in record.data(key))

    def _field(self, name: str | None, path: Path) -> str:
        if name is None:
            if self.kind.field is None:
                message = f"Attribute {self.attribute.slug} has several fields: name one."
                raise filter_error(message, path, code="missing_sort_field")
            return self.kind.field
        if name not in self.kind.fields:
            raise filter_error(f"Error in filter: unknown field {name}.", path)
        return name

    def _field_test(self, name: str, value: object, path: Path) -> ValueTest:
        field = self._field(name, path)
        return self._operators(field, value, path) if isinstance(value, dict) else self._equals(field, value, path)

    def _operators(self, field: str, raw: dict[str, object], path: Path) -> ValueTest:
        tests = [self._operator(field, name, value, (*path, name)) for name, value in raw.items()]
        if not tests:
            raise filter_error("Error in filter: expected a condition.", path)
        return lambda data: all(test(data) for test in tests)

    def _operator(self, field: str, name: str, value: object, path: Path) -> ValueTest:
        if name == "$eq":
            return self._equals(field, value, path)
        if name == "$in":
            if not isinstance(value, list):
                raise filter_error("Error in filter: $in takes an array.", path)
            tests = [self._equals(field, each, (*path, str(index))) for index, each in enumerate(value)]
            return lambda data: any(test(data) for test in tests)
        if name in _TEXT_OPERATORS and self.kind.text_like:
            return self._text(field, name, value, path)
        if name in _ORDER_OPERATORS and self.kind.ordered:
            return self._order(field, name, value, path)
        raise filter_error(f"Error in filter: operator {name} cannot be used with {self.attribute.type}.", path)

    def _equals(self, field: str, value: object, path: Path) -> ValueTest:
        wanted = self._operand(field, value, path)
        return lambda data: self._part(data, field) == wanted

    def _text(self, field: str, name: str, value: object, path: Path) -> ValueTest:
        if not isinstance(value, str):
            raise filter_error(f"Error in filter: {name} takes a string.", path)
        compare = {"$contains": str.__contains__, "$starts_with": str.startswith, "$ends_with": str.endswith}[name]

        def holds(data: object) -> bool:
            part = self._part(data, field)
            return isinstance(part, str) and bool(compare(part, value))

        return holds

    def _order(self, field: str, name: str, value: object, path: Path) -> ValueTest:
        wanted = self._operand(field, value, path)
        return lambda data: _in_order(self._part(data, field), name, wanted)

    def _operand(self, field: str, value: object, path: Path) -> object:
        if value is None or isinstance(value, dict | list):
            raise filter_error("Error in filter: expected a value.", path)
        try:
            return self.kind.comparable(value, field, self.attribute, self.workspace)
        except ValueRefusedError as error:
            raise filter_error("Error in filter: malformed value.", path) from error

    def _part(self, data: object, field: str) -> object:
        return self.kind.part(data, field, self.attribute, self.workspace)


def _in_order(part: object, name: str, wanted: object) -> bool:
    if isinstance(part, str) and isinstance(wanted, str):
        return _compare(name, part < wanted, part == wanted)
    numbers = (int, Decimal)
    if isinstance(part, numbers) and isinstance(wanted, numbers):
        return _compare(name, part < wanted, part == wanted)
    return False


def _compare(name: str, less: bool, equal: bool) -> bool:
    return {"$lt": less, "$lte": less or equal, "$gt": not less and not equal, "$gte": not less}[name]


def _all_of(tests: list[Test]) -> Test:
    return lambda record: all(test(record) for test in tests)


def _any_of(tests: list[Test]) -> Test:
    return lambda record: any(test(record) for test in tests)


def unique_lookup(raw: object, kind: ObjectType, workspace: Workspace) -> list[str] | None:
    """Return the only records that can pass when a filter names a value of a unique attribute, else None."""
    if not isinstance(raw, dict):
        return None
    for name, value in raw.items():
        attribute = workspace.find_attribute(kind.id, name)
        if attribute is not None and attribute.unique and VALUE_TYPES[attribute.type].field in {"value", "domain"}:
            wanted = value.get("$eq", value.get("$in")) if isinstance(value, dict) else value
            found = _holders_of(wanted, attribute, workspace)
            if found is not None:
                return found
    return None


def _holders_of(wanted: object, attribute: Attribute, workspace: Workspace) -> list[str] | None:
    values = wanted if isinstance(wanted, list) else [wanted]
    if not all(isinstance(each, str) for each in values):
        return None
    return [found for each in dict.fromkeys(values) for found in workspace.holders(attribute.id, each)]


def sort_records(records: list[Record], sorts: list[dict[str, object]], kind: ObjectType, workspace: Workspace) -> None:
    """Sort records in place; the first sort counts most, and records without a value come last."""
    for index, sort in reversed(list(enumerate(sorts))):
        holders, attribute, field = _sort_target(sort, index, kind, workspace)
        test = AttributeTest(attribute, workspace)

        def key(
            record: Record, *, test: AttributeTest = test, holders: list[Attribute] = holders, field: str = field
        ) -> object:
            reached = follow(record, holders, workspace)
            data = [each for held in reached for each in held.data(test.attribute.id)]
            return None if not data else test.kind.part(data[0], field, test.attribute, workspace)

        descending = sort["direction"] == "desc"
        valued = [(_sortable(key(record)), record) for record in records]
        present = sorted((pair for pair in valued if pair[0] is not None), key=itemgetter(0), reverse=descending)
        records[:] = [record for _, record in present] + [record for value, record in valued if value is None]


def _sortable(part: object) -> object:
    if part is None:
        return None
    return (0, part) if isinstance(part, int | Decimal) else (1, str(part))


def _sort_target(
    sort: dict[str, object], index: int, kind: ObjectType, workspace: Workspace
) -> tuple[list[Attribute], Attribute, str]:
    path = ("sorts", str(index))
    if "path" in sort:
        steps = reference_steps(sort["path"], kind, workspace, path)
    else:
        steps = [_sorted_attribute(str(sort.get("attribute")), kind, workspace)]
    attribute, value_type = steps[-1], VALUE_TYPES[steps[-1].type]
    field = sort.get("field", value_type.field)
    if field is None:
        message = f"Attribute {attribute.slug} has several fields: name one."
        raise filter_error(message, (*path, "field"), code="missing_sort_field")
    if field not in value_type.fields:
        raise filter_error(f"Error in sort: unknown field {field}.", (*path, "field"))
    return steps[:-1], attribute, str(field)


def _sorted_attribute(name: str, kind: ObjectType, workspace: Workspace) -> Attribute:
    attribute = workspace.find_attribute(kind.id, name)
    if attribute is None or attribute.archived:
        raise AttioError(400, "value_not_found", f'Cannot find attribute with slug/ID "{name}".')
    return attribute
