"""No recorded answer lies unused: each is named by a test that compares it."""

import ast
from pathlib import Path

HERE = Path(__file__).parent
RECORDED = {path.stem for path in (HERE / "qbo-samples").glob("*.json")}


def named_in(path):
    """Return the strings inside the test functions of a file, those of their parameters too."""
    functions = [
        each
        for each in ast.walk(ast.parse(path.read_text()))
        if isinstance(each, ast.FunctionDef) and each.name.startswith("test_")
    ]
    constants = (part for function in functions for part in ast.walk(function) if isinstance(part, ast.Constant))
    return {constant.value for constant in constants if isinstance(constant.value, str)}


def test_every_recorded_answer_is_compared_by_a_test():
    assert len(RECORDED) == 47
    named = set().union(*(named_in(path) for path in HERE.glob("test_*.py")))
    assert RECORDED - named == set()
