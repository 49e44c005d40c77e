import pytest
from pydantic import ValidationError

from attibooks_attio.settings import AttioHostSettings
from attibooks_core.errors import ConfigurationError

SIGNED = {"app_secrets": {"k1": "s3cret"}}


def settings(**values):
    return AttioHostSettings.model_validate(values)


def test_attio_itself_is_asked_when_nothing_is_set():
    assert settings().api_url == "https://api.attio.com"


@pytest.mark.parametrize("given", ["http://127.0.0.1:8100/attio/", " http://127.0.0.1:8100/attio/v2 "])
def test_the_address_may_end_in_a_slash_or_the_version(given):
    assert settings(api_url=given).api_url == "http://127.0.0.1:8100/attio"


@pytest.mark.parametrize("given", ["", "api.attio.com", "ftp://api.attio.com", "https://", "https://x.example/?a=1"])
def test_an_address_that_is_none_is_refused(given):
    with pytest.raises(ValidationError, match="api_url"):
        settings(api_url=given)


def test_secrets_come_as_json_from_the_environment_and_keep_their_order(monkeypatch):
    monkeypatch.setenv("ATTIBOOKS_ATTIO__APP_SECRETS", '{"new": "b", "old": "a"}')
    monkeypatch.setenv("ATTIBOOKS_ATTIO__CLIENT_ID", " app-1 ")
    monkeypatch.setenv("ATTIBOOKS_ATTIO__REQUIRE_INTROSPECTION", "false")
    read = AttioHostSettings(_env_prefix="ATTIBOOKS_ATTIO__")
    assert [(key, s.get_secret_value()) for key, s in read.app_secrets.items()] == [("new", "b"), ("old", "a")]
    assert (read.client_id, read.require_introspection) == ("app-1", False)


def test_names_of_other_plugins_in_the_env_file_do_not_matter(tmp_path):
    path = tmp_path / ".env"
    path.write_text('ATTIBOOKS_DATABASE_URL=x\nATTIBOOKS_ATTIO__APP_SECRETS={"k": "s"}\n')
    read = AttioHostSettings(_env_prefix="ATTIBOOKS_ATTIO__", _env_file=path)
    assert list(read.app_secrets) == ["k"]


@pytest.mark.parametrize("given", ["s3cret-in-the-open", '["s3cret-in-the-open"]', '{"k": ["s3cret-in-the-open"]}'])
def test_secrets_in_another_shape_are_refused_without_being_quoted(given):
    with pytest.raises(ValidationError) as refused:
        settings(app_secrets=given)
    assert "s3cret-in-the-open" not in str(refused.value)
    assert "app_secrets" in str(refused.value)


@pytest.mark.parametrize("given", [{"": "s"}, {"k": " "}])
def test_blank_secrets_and_key_ids_are_refused(given):
    with pytest.raises(ValidationError, match="characters"):
        settings(app_secrets=given)


def test_blank_secrets_are_no_secrets():
    assert settings(app_secrets=" ").app_secrets == {}


def test_secrets_do_not_show():
    assert "s3cret" not in repr(settings(**SIGNED))


def test_both_checks_off_is_refused():
    with pytest.raises(ConfigurationError, match=r"REQUIRE_SIGNATURE and .*REQUIRE_INTROSPECTION are both off"):
        settings(**SIGNED, require_signature=False, require_introspection=False).check(production=False)


def test_signatures_without_secrets_are_refused_by_name():
    with pytest.raises(ConfigurationError, match="ATTIBOOKS_ATTIO__APP_SECRETS is not set"):
        settings().check(production=False)


def test_without_signatures_no_secret_is_needed():
    settings(require_signature=False).check(production=False)


def test_in_development_the_client_id_may_be_missing():
    settings(**SIGNED).check(production=False)


def test_in_production_the_client_id_is_needed():
    with pytest.raises(ConfigurationError, match="ATTIBOOKS_ATTIO__CLIENT_ID"):
        settings(**SIGNED, client_id=" ").check(production=True)


@pytest.mark.parametrize(
    "url", ["https://api.attio.com", "http://127.0.0.1:8100/attio", "http://localhost", "http://[::1]:1"]
)
def test_in_production_tokens_may_go_over_tls_or_stay_on_the_machine(url):
    settings(**SIGNED, client_id="app-1", api_url=url).check(production=True)


@pytest.mark.parametrize("url", ["http://attio.example", "http://10.0.0.1"])
def test_in_production_tokens_never_cross_the_network_in_the_open(url):
    with pytest.raises(ConfigurationError, match="API_URL is not https"):
        settings(**SIGNED, client_id="app-1", api_url=url).check(production=True)
