from importlib.metadata import entry_points

import pluggy
import pytest

from attibooks_attio.plugin import AttioPlugin
from attibooks_core import hookspecs
from attibooks_core.capabilities import RecordStore
from attibooks_core.errors import ConfigurationError
from attibooks_core.model import RecordRef, Writeback
from attibooks_core.protocols import AppGateway, RecordReader, WritebackTarget
from attibooks_core.testing import Answer, StubHost

SETTINGS = {"app_secrets": {"k": "s3cret"}}


@pytest.fixture
def configured(host, server):
    host.overrides = {"attio": {**SETTINGS, "api_url": server.url}}
    return host


@pytest.fixture
def relay():
    manager = pluggy.PluginManager("attibooks")
    manager.add_hookspecs(hookspecs)
    manager.register(AttioPlugin(), name="attio")
    manager.check_pending()
    return manager.hook


def test_the_entry_point_is_a_plugin_for_this_hook_api():
    found = entry_points(group=hookspecs.ENTRY_POINT_GROUP, name="attio")
    plugin = next(iter(found)).load()
    assert isinstance(plugin, AttioPlugin)
    assert plugin.attibooks_api == (1, 0)


async def test_it_offers_one_reader_one_target_one_store_and_one_gateway(relay, configured):
    offers = [
        (relay.register_record_readers, RecordReader),
        (relay.register_writeback_targets, WritebackTarget),
        (relay.register_record_stores, RecordStore),
        (relay.register_app_gateways, AppGateway),
    ]
    for hook, protocol in offers:
        [[offered]] = hook(host=configured)
        assert isinstance(offered, protocol)
        assert offered.key == "attio"


async def test_forgetting_a_workspace_reaches_what_the_others_keep(relay, configured, workspace, attio):
    [[reader]] = relay.register_record_readers(host=configured)
    [[target]] = relay.register_writeback_targets(host=configured)
    [[gateway]] = relay.register_app_gateways(host=configured)
    attio.server.on("GET", "/v2/objects", Answer({"data": [{"api_slug": "deals"}]}))
    ws = workspace({"writeback_invoice_number": "number"})
    await reader.describe_fields(ws)
    await target.write_back(ws, RecordRef("deals", "rec-1"), Writeback({"writeback_invoice_number": "7"}))
    assert attio.lists == 1
    await gateway.forget("ws-1")
    await reader.describe_fields(ws)
    assert attio.lists == 2


async def test_two_hosts_share_nothing(configured):
    other = StubHost(overrides={"attio": SETTINGS})
    plugin = AttioPlugin()
    [first] = plugin.register_record_readers(configured)
    [second] = plugin.register_record_readers(other)
    assert first is not second
    assert first._schema is not second._schema


@pytest.mark.parametrize(
    ("overrides", "production", "says"),
    [
        ({}, False, "APP_SECRETS"),
        ({**SETTINGS, "require_signature": False, "require_introspection": False}, False, "both off"),
        (SETTINGS, True, "CLIENT_ID"),
    ],
)
async def test_a_wrong_setting_stops_the_registration_and_says_why(relay, host, overrides, production, says):
    host.overrides, host.production = {"attio": overrides}, production
    for hook in (relay.register_record_readers, relay.register_writeback_targets, relay.register_app_gateways):
        with pytest.raises(ConfigurationError, match=says):
            hook(host=host)
