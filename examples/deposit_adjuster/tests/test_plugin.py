import tomllib
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import pluggy
import pytest

from attibooks_core import hookspecs
from attibooks_core.protocols import DraftAdjuster, Phase
from attibooks_core.settings import CORE_FIELDS, SettingsCatalog
from attibooks_example_deposit import plugin
from attibooks_example_deposit.settings import FIELDS

FOLDER = Path(__file__).parent.parent


@pytest.fixture
def relay():
    manager = pluggy.PluginManager("attibooks")
    manager.add_hookspecs(hookspecs)
    manager.register(plugin, name="deposit")
    manager.check_pending()
    return manager.hook


def read(value):
    return SettingsCatalog([*CORE_FIELDS, *FIELDS]).read({"deposit_percent": value})


def test_the_distribution_names_a_plugin_for_this_hook_api():
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert import_module(project["entry-points"][hookspecs.ENTRY_POINT_GROUP]["deposit"]) is plugin
    assert plugin.attibooks_api == (1, 0)


async def test_it_offers_one_adjuster_of_lines(relay, host):
    [[adjuster]] = relay.register_draft_adjusters(host=host)
    assert isinstance(adjuster, DraftAdjuster)
    assert (adjuster.key, adjuster.phase) == ("deposit", Phase.LINES)


def test_it_declares_one_setting_that_nobody_else_has(relay):
    [[field]] = relay.register_settings_fields()
    assert field.key not in {f.key for f in CORE_FIELDS}


@pytest.mark.parametrize(("given", "value"), [(30, "30"), ("12.5", "12.5"), (100, "100"), ("0.01", "0.01")])
def test_a_share_is_read_exactly(given, value):
    settings, problems = read(given)
    assert (settings["deposit_percent"], problems) == (Decimal(value), [])


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_a_blank_share_is_not_set(nothing):
    settings, problems = read(nothing)
    assert (settings["deposit_percent"], problems) == (None, [])


@pytest.mark.parametrize("wrong", [0, -1, 100.01, "101", "30 %", "1e1", "NaN", True, [30]])
def test_what_is_no_share_is_refused_with_its_title(wrong):
    _, [problem] = read(wrong)
    assert (problem.field, problem.code) == ("deposit_percent", "wrong_value")
    assert problem.message.startswith("Deposit percent: It has to be")
