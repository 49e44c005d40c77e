"""From the text of a template to a function: Jinja2 reads it, and every kind of node that is used here is allowed.

Jinja2's own sandbox is not enough: loops, `'x' * 50000000` and `center(50000000)` run in it. Its compiler is not used
at all, since the code that it writes cannot be metered, and takes 7 MB for 4,000 characters. What `_STATEMENTS` and
`_EXPRESSIONS` do not name is refused, so a new kind of node in a later Jinja2 is refused too.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any, TypeAlias

from jinja2 import Environment, TemplateSyntaxError, nodes

from attibooks_core.invoicing.template_filters import FILTERS, METHODS, Apply
from attibooks_core.invoicing.template_values import (
    EXACT,
    NAMES,
    QUOTIENT,
    RECORDS,
    BadTemplate,
    NoValue,
    TemplateValues,
    as_text,
    attribute,
    calculated,
    joined,
    quoted,
)
from attibooks_core.invoicing.texts import did_you_mean, one_line
from attibooks_core.model import PlainValue
from attibooks_core.settings import MAX_DIGITS

Block: TypeAlias = Callable[[TemplateValues], Iterator[str]]
Expression: TypeAlias = Callable[[TemplateValues], PlainValue]

MAX_TOKENS = 300
"""As much as sixty values; no more than this many filters can be at work on long texts."""
MAX_DEPTH = 20
MAX_BACKSLASHES = 100

_JINJA = Environment(keep_trailing_newline=True)  # noqa: S701 - it only reads; what comes out is no HTML
_LONG_NUMBER = re.compile(rf"0[xob]\w{{{MAX_DIGITS},}}|\d[\d_]{{{MAX_DIGITS},}}", re.IGNORECASE)
"""Jinja2's pattern of a number takes 300 bytes for each of its digits."""
_BAD_ESCAPE = re.compile(r"\\[^nt'\"\\]")
_SLUG = re.compile(r"(?!__)[\w-]{1,100}")
_SPELLED: Mapping[type[nodes.Node], str] = {
    nodes.Assign: "set",
    nodes.AssignBlock: "set",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "filter",
    nodes.FromImport: "from",
    nodes.ScopedEvalContextModifier: "autoescape",
    nodes.Pow: "**",
    nodes.Mod: "%",
    nodes.FloorDiv: "//",
    nodes.List: "[...]",
    nodes.Tuple: ",",
    nodes.Dict: "{...}",
    nodes.Getitem: "[...]",
    nodes.Call: "(...)",
}
"""How users write the nodes that are refused; the others are called as their class is."""


def compile_template(text: str) -> Block:
    """The function of a template, which gives its text in parts.

    :raises BadTemplate: for everything that is not allowed, with its line.
    """
    return _block(_parsed(text).body, 0)


# -- reading ------------------------------------------------------------------------------------------------------


def _parsed(text: str) -> nodes.Template:
    if _LONG_NUMBER.search(text):
        raise BadTemplate(f"The template has a number of more than {MAX_DIGITS} digits.")
    if text.count("\\") > MAX_BACKSLASHES:
        raise BadTemplate(f"The template has more than {MAX_BACKSLASHES} backslashes.")
    try:
        _scan(text)
        return _JINJA.parse(text)
    except TemplateSyntaxError as error:
        message = one_line(error.message or "")[:200].rstrip(".")
        raise BadTemplate(f"The template cannot be read in line {error.lineno}: {message}.") from None
    except RecursionError:
        raise BadTemplate("The template is nested too deeply.") from None


def _scan(text: str) -> None:
    """Refuse by its tokens what costs much to parse, or what Jinja2 reads only with Python's help."""
    count = 0
    for line, kind, value in _JINJA.lex(text):
        count += kind not in {"data", "whitespace"}
        if count > MAX_TOKENS:
            raise BadTemplate(f"The template has more than {MAX_TOKENS} words and signs between its braces.")
        if kind == "raw_begin":
            raise _not_allowed("raw", line)
        if kind in {"integer", "float"} and not (value.isascii() and len(value) <= MAX_DIGITS):
            raise BadTemplate(f"{quoted(value)} has to be a number of up to {MAX_DIGITS} plain digits (line {line}).")
        if kind == "string" and _BAD_ESCAPE.search(value.replace("\\\\", "")):
            raise BadTemplate(f"Only \\n, \\t, \\' and \\\\ may be written with a backslash (line {line}).")


def _not_allowed(what: str, line: int) -> BadTemplate:
    return BadTemplate(f"`{what}` is not allowed in a template (line {line}).")


def _refused(node: nodes.Node) -> BadTemplate:
    if isinstance(node, nodes.Scope):  # what Jinja2 makes of `autoescape` around the node that has the line
        node = node.body[0]
    return _not_allowed(_SPELLED.get(type(node), type(node).__name__.lower()), node.lineno)


# -- statements ---------------------------------------------------------------------------------------------------


def _block(body: Sequence[nodes.Node], depth: int) -> Block:
    parts = [_made(_STATEMENTS, node, depth) for node in body]
    return lambda values: chain.from_iterable(part(values) for part in parts)


def _output(node: nodes.Output, depth: int) -> Block:
    parts = [_expression(child, depth) for child in node.nodes]
    return lambda values: (as_text(part(values)) for part in parts)


def _if(node: nodes.If, depth: int) -> Block:
    branches = [(_expression(branch.test, depth), _block(branch.body, depth)) for branch in (node, *node.elif_)]
    otherwise = _block(node.else_, depth)

    def run(values: TemplateValues) -> Iterator[str]:
        return next((body for test, body in branches if test(values)), otherwise)(values)

    return run


# -- expressions --------------------------------------------------------------------------------------------------


def _expression(node: nodes.Node, depth: int) -> Expression:
    made: Expression = _made(_EXPRESSIONS, node, depth)
    return made


def _made(makers: Mapping[type[nodes.Node], Callable[[Any, int], Any]], node: nodes.Node, depth: int) -> Any:  # noqa: ANN401
    make = makers.get(type(node))
    if make is None:
        raise _refused(node)
    if depth >= MAX_DEPTH:
        raise BadTemplate(f"The template is nested deeper than {MAX_DEPTH} levels (line {node.lineno}).")
    return make(node, depth + 1)


def _data(node: nodes.TemplateData, _: int) -> Expression:
    return lambda _: node.data


def _const(node: nodes.Const, _: int) -> Expression:
    if node.value is None:
        raise _not_allowed("none", node.lineno)
    value = node.value if isinstance(node.value, str | bool) else Decimal(str(node.value))
    if isinstance(value, Decimal):
        value = calculated(EXACT.plus, value)
    return lambda _: value


def _name(node: nodes.Name, _: int) -> Expression:
    if node.name in RECORDS:
        raise BadTemplate(f"`{node.name}` needs an attribute: `{node.name}.name` (line {node.lineno}).")
    if node.name not in NAMES:
        guess = did_you_mean(node.name[:100], [*NAMES, *RECORDS])
        raise BadTemplate(f"Templates have no name {quoted(node.name)} (line {node.lineno}).{guess}")
    return NAMES[node.name]


def _getattr(node: nodes.Getattr, _: int) -> Expression:
    return _attribute(node, node.attr)


def _getitem(node: nodes.Getitem, _: int) -> Expression:
    key = node.arg.value if isinstance(node.arg, nodes.Const) else None
    if not isinstance(key, str):
        raise _refused(node)
    return _attribute(node, key)


def _attribute(node: nodes.Getattr | nodes.Getitem, slug: str) -> Expression:
    owner = node.node.name if isinstance(node.node, nodes.Name) else ""
    if owner not in RECORDS:
        raise BadTemplate(f"Only `record` and `line` have attributes, {quoted(slug)} is none (line {node.lineno}).")
    if not _SLUG.fullmatch(slug):
        raise BadTemplate(f"{quoted(slug)} is no slug of an attribute (line {node.lineno}).")
    return lambda values: attribute(owner, slug, values)


def _concat(node: nodes.Concat, depth: int) -> Expression:
    parts = [_expression(part, depth) for part in node.nodes]
    return lambda values: joined(as_text(part(values)) for part in parts)


def _arithmetic(node: nodes.BinExpr, depth: int) -> Expression:
    for side in (node.left, node.right):
        if isinstance(side, nodes.Concat) or (isinstance(side, nodes.Const) and isinstance(side.value, str)):
            raise BadTemplate(f"Texts cannot be calculated with; join them with `~` (line {node.lineno}).")
    operation = _OPERATIONS[type(node)]
    left, right = _expression(node.left, depth), _expression(node.right, depth)
    return lambda values: calculated(operation, left(values), right(values))


def _sign(node: nodes.UnaryExpr, depth: int) -> Expression:
    inner = _expression(node.node, depth)
    operation = EXACT.minus if isinstance(node, nodes.Neg) else EXACT.plus
    return lambda values: calculated(operation, inner(values))


def _not(node: nodes.Not, depth: int) -> Expression:
    inner = _expression(node.node, depth)
    return lambda values: not inner(values)


def _and(node: nodes.And, depth: int) -> Expression:
    left, right = _expression(node.left, depth), _expression(node.right, depth)
    return lambda values: left(values) and right(values)


def _or(node: nodes.Or, depth: int) -> Expression:
    left, right = _expression(node.left, depth), _expression(node.right, depth)
    return lambda values: left(values) or right(values)


def _choice(node: nodes.CondExpr, depth: int) -> Expression:
    if node.expr2 is None:
        raise BadTemplate(f"`if` inside {{{{ }}}} needs an `else` (line {node.lineno}).")
    test = _expression(node.test, depth)
    then, otherwise = _expression(node.expr1, depth), _expression(node.expr2, depth)
    return lambda values: then(values) if test(values) else otherwise(values)


def _compare(node: nodes.Compare, depth: int) -> Expression:
    first = _expression(node.expr, depth)
    others = [(_COMPARISONS[operand.op], _expression(operand.expr, depth)) for operand in node.ops]

    def run(values: TemplateValues) -> bool:
        left = first(values)
        for holds, expression in others:
            right = expression(values)
            if not _compared(holds, left, right):
                return False
            left = right
        return True

    return run


def _compared(holds: Callable[[Any, Any], bool], left: PlainValue, right: PlainValue) -> bool:
    try:
        return holds(left, right)
    except TypeError:
        message = f"{quoted(as_text(left))} and {quoted(as_text(right))} cannot be compared."
        raise BadTemplate(message, code="wrong_type") from None


def _test(node: nodes.Test, depth: int) -> Expression:
    if node.name not in {"defined", "undefined"} or node.args:
        raise BadTemplate(f"Only `is defined` can be asked, not {quoted('is ' + node.name)} (line {node.lineno}).")
    inner, wanted = _expression(node.node, depth), node.name == "defined"

    def run(values: TemplateValues) -> bool:
        try:
            inner(values)
        except NoValue:
            return not wanted
        return wanted

    return run


def _filter(node: nodes.Filter, depth: int) -> Expression:
    if node.node is None:
        raise _refused(node)
    if node.name in {"default", "d"}:
        return _default(node, depth)
    return _applied(_function(node.name, node), node.node, depth)


def _call(node: nodes.Call, depth: int) -> Expression:
    called = node.node
    if not isinstance(called, nodes.Getattr) or called.attr not in METHODS:
        name = called.attr if isinstance(called, nodes.Getattr) else getattr(called, "name", "")
        raise BadTemplate(f"{quoted(name + '()')} cannot be called in a template (line {node.lineno}).")
    return _applied(_function(METHODS[called.attr], node), called.node, depth)


def _applied(function: Apply, node: nodes.Expr, depth: int) -> Expression:
    inner = _expression(node, depth)
    return lambda values: function(inner(values))


def _function(name: str, node: nodes.Filter | nodes.Call) -> Apply:
    if name not in FILTERS:
        guess = did_you_mean(name[:100], [*FILTERS, "default"])
        raise BadTemplate(f"Templates have no filter {quoted(name)} (line {node.lineno}).{guess}")
    if node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise BadTemplate(f"The filter `{name}` takes its arguments without names (line {node.lineno}).")
    return FILTERS[name].with_arguments(name, [a.value if isinstance(a, nodes.Const) else None for a in node.args])


def _default(node: nodes.Filter, depth: int) -> Expression:
    """What stands in when anything before it has no value, or is blank."""
    if node.node is None or node.kwargs or node.dyn_args or node.dyn_kwargs or len(node.args) > 2:
        raise BadTemplate(f"The filter `default` takes one text or value (line {node.lineno}).")
    inner = _expression(node.node, depth)
    fallback = _expression(node.args[0], depth) if node.args else _data(nodes.TemplateData(""), depth)

    def run(values: TemplateValues) -> PlainValue:
        try:
            value = inner(values)
        except NoValue:
            return fallback(values)
        return fallback(values) if value == "" else value

    return run


_OPERATIONS: Mapping[type[nodes.Node], Callable[[Decimal, Decimal], Decimal]] = {
    nodes.Add: EXACT.add,
    nodes.Sub: EXACT.subtract,
    nodes.Mul: EXACT.multiply,
    nodes.Div: QUOTIENT.divide,
}
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
    "in": lambda part, whole: as_text(part) in as_text(whole),
    "notin": lambda part, whole: as_text(part) not in as_text(whole),
}
_STATEMENTS: Mapping[type[nodes.Node], Callable[[Any, int], Block]] = {nodes.Output: _output, nodes.If: _if}
_EXPRESSIONS: Mapping[type[nodes.Node], Callable[[Any, int], Expression]] = {
    nodes.TemplateData: _data,
    nodes.Const: _const,
    nodes.Name: _name,
    nodes.Getattr: _getattr,
    nodes.Getitem: _getitem,
    nodes.Concat: _concat,
    **dict.fromkeys(_OPERATIONS, _arithmetic),
    nodes.Neg: _sign,
    nodes.Pos: _sign,
    nodes.Not: _not,
    nodes.And: _and,
    nodes.Or: _or,
    nodes.CondExpr: _choice,
    nodes.Compare: _compare,
    nodes.Test: _test,
    nodes.Filter: _filter,
    nodes.Call: _call,
}
