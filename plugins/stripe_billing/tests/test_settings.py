"""A host that cannot bill does not start, and says how to mend it; a live key in development is told loudly."""

import logging

import pytest
from pydantic import ValidationError

from attibooks_core.errors import ConfigurationError
from attibooks_core.testing import StubHost
from attibooks_stripe_billing import plugin
from attibooks_stripe_billing.settings import StripeSettings


def provider_of(*, production=False, **settings):
    host = StubHost({"stripe": settings}, production=production)
    (provider,) = plugin.register_billing_providers(host)
    return provider


def test_without_a_key_it_says_what_to_set_and_how_to_do_without():
    with pytest.raises(ConfigurationError) as refusal:
        provider_of().chosen()
    assert "ATTIBOOKS_STRIPE__API_KEY" in refusal.value.message
    assert "ATTIBOOKS_BILLING=none" in refusal.value.message


@pytest.mark.parametrize("key", ["pk_test_1", "sk_1", "whsec_1", "sk_test_", "sk-test-1", "rk_sandbox_1"])
def test_what_is_no_key_of_a_server_is_refused_without_repeating_it(key):
    with pytest.raises(ConfigurationError) as refusal:
        provider_of(api_key=key).chosen()
    assert key not in refusal.value.message.replace("sk_test_,", "").replace("rk_test_,", "")


@pytest.mark.parametrize("key", ["sk_test_1", "rk_test_1"])
def test_a_test_key_is_good_in_development_and_refused_in_production(key):
    provider_of(api_key=key).chosen()
    with pytest.raises(ConfigurationError, match="LIVEMODE=false"):
        provider_of(api_key=key, production=True).chosen()
    provider_of(api_key=key, production=True, livemode=False).chosen()


@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1"])
def test_a_live_key_is_told_loudly_in_development(key, caplog):
    with caplog.at_level(logging.WARNING):
        provider_of(api_key=key, production=True, webhook_secrets=["s"]).chosen()
    assert caplog.text == ""
    provider_of(api_key=key).chosen()
    assert "STRIPE IS LIVE" in caplog.text
    assert key not in caplog.text
    with pytest.raises(ConfigurationError, match="live key"):
        provider_of(api_key=key, livemode=False).chosen()


def test_without_a_signing_secret_it_starts_and_warns(caplog):
    provider_of(api_key="sk_test_1").chosen()
    assert "WEBHOOK_SECRETS" in caplog.text


@pytest.mark.parametrize(
    "url", ["http://api.stripe.com", "ftp://127.0.0.1", "https://", "127.0.0.1:8100", "http://10.0.0.1"]
)
def test_a_key_does_not_cross_the_network_in_the_open(url):
    with pytest.raises(ValidationError):
        StripeSettings.model_validate({"api_url": url})


@pytest.mark.parametrize(("given", "kept"), [("https://api.stripe.com/", "https://api.stripe.com"), ("http://localhost:81/stripe/", "http://localhost:81/stripe")])  # fmt: skip
def test_other_addresses_are_taken(given, kept):
    assert StripeSettings.model_validate({"api_url": given}).api_url == kept


@pytest.mark.parametrize("secrets", ['["whsec_1", "whsec_2"]', ["whsec_1", "whsec_2"]])
def test_signing_secrets_are_a_list(secrets):
    assert len(StripeSettings.model_validate({"webhook_secrets": secrets}).webhook_secrets) == 2


@pytest.mark.parametrize("secrets", ["whsec_1", '[""]', "{}", '[" "]'])
def test_a_blank_or_malformed_secret_is_refused(secrets):
    with pytest.raises(ValidationError):
        StripeSettings.model_validate({"webhook_secrets": secrets})


def test_no_secret_shows_in_a_repr():
    settings = StripeSettings.model_validate({"api_key": "sk_test_secret", "webhook_secrets": ["whsec_secret"]})
    assert "secret" not in repr(settings).replace("webhook_secrets", "").replace("SecretStr", "")
