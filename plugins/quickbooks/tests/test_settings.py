import subprocess
import sys

import pytest
from pydantic import ValidationError

from attibooks_core.errors import InvalidSettings
from attibooks_core.model import Books
from attibooks_core.settings import Settings, SettingsCatalog
from attibooks_quickbooks.settings import FIELDS, QuickBooksHostSettings, books_of

REALM = "9130001234567890"


def read(**raw):
    return SettingsCatalog(list(FIELDS)).read(raw)


class TestWorkspaceSettings:
    def test_the_keys_and_sections_are_those_of_the_contract(self):
        assert {f.key: f.section for f in FIELDS} == {
            "environment": 1,
            "qbo_company_id": 7,
            "default_item": 7,
            "default_tax_code": 7,
            "send_invoice_email": 7,
        }

    def test_nothing_set_means_sandbox_and_e_mail(self):
        settings, problems = read(qbo_company_id=REALM)
        assert problems == []
        assert books_of(settings) == Books("quickbooks", "sandbox", REALM)
        assert settings.flag("send_invoice_email") is True

    @pytest.mark.parametrize("pasted", ["9130 0012 3456 7890", "9130-0012-3456-7890", "9130\u00a00012\u00a034567890"])
    def test_a_pasted_company_id_is_normalised(self, pasted):
        settings, _ = read(qbo_company_id=pasted, environment=" Production ")
        assert books_of(settings) == Books("quickbooks", "production", REALM)

    def test_leading_zeros_and_long_ids_stay(self):
        assert books_of(read(qbo_company_id="00123456789012345678")[0]).company_id == "00123456789012345678"

    @pytest.mark.parametrize("wrong", ["12345", "1" * 21, "91300012345678AB", "٩١٣٠٠٠١٢٣٤"])
    def test_other_company_ids_are_problems(self, wrong):
        assert [p.field for p in read(qbo_company_id=wrong)[1]] == ["qbo_company_id"]

    def test_a_missing_company_id_names_the_section(self):
        with pytest.raises(InvalidSettings) as caught:
            books_of(Settings())
        assert caught.value.code == "invalid_settings"
        assert [p.field for p in caught.value.problems] == ["qbo_company_id"]
        assert "section 7" in caught.value.problems[0].fix


class TestHostSettings:
    def test_intuits_addresses_are_the_default(self):
        settings = QuickBooksHostSettings.model_validate({})
        assert settings.api_url("production") == "https://quickbooks.api.intuit.com"
        assert settings.api_url("sandbox") == "https://sandbox-quickbooks.api.intuit.com"

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:8100/quickbooks/sandbox/", "http://localhost:1", "http://[::1]:1"]
    )
    def test_plain_http_is_fine_on_this_machine(self, url):
        assert QuickBooksHostSettings.model_validate({"sandbox_api_url": url}).sandbox_api_url == url.rstrip("/")

    @pytest.mark.parametrize("url", ["http://quickbooks.example", "ftp://127.0.0.1", "quickbooks.example", ""])
    def test_other_addresses_are_refused(self, url):
        with pytest.raises(ValidationError, match="https"):
            QuickBooksHostSettings.model_validate({"production_api_url": url})


class TestPlugin:
    def test_the_entry_point_is_a_plugin_of_this_api(self):
        from importlib.metadata import entry_points

        (point,) = [e for e in entry_points(group="attibooks") if e.name == "quickbooks"]
        assert point.load().attibooks_api == (1, 0)

    async def test_it_offers_one_backend_with_what_it_can_do(self, host):
        from attibooks_core.capabilities import ChangingBackend, NotifyingBackend, WatchedBackend
        from attibooks_core.model import Capability
        from attibooks_core.protocols import AccountingBackend
        from attibooks_quickbooks import plugin

        (backend,) = plugin.register_accounting_backends(host)
        assert isinstance(backend, AccountingBackend)
        assert (backend.key, backend.display_name) == ("quickbooks", "QuickBooks Online")
        claimed = Capability.MULTICURRENCY | Capability.TAX | Capability.SEND_EMAIL | Capability.SANDBOX
        assert backend.capabilities & claimed == claimed
        for capability, protocol in (
            (Capability.EDIT_TERMS | Capability.EDIT_LINES | Capability.VOID, ChangingBackend),
            (Capability.CHANGES, WatchedBackend),
            (Capability.WEBHOOKS, NotifyingBackend),
        ):
            assert (capability in backend.capabilities) == isinstance(backend, protocol)
        assert plugin.register_settings_fields() == FIELDS

    def test_importing_it_starts_nothing(self):
        code = "import sys, attibooks_quickbooks; sys.exit('httpx' in sys.modules or 'sqlalchemy' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
