from attibooks_attio.signature import callback_key, sign

SECRET = "s3cret"
AT = 1763870000


def test_a_call_with_every_part_has_the_signature_of_the_contract():
    signature = sign(
        SECRET,
        timestamp=AT,
        method="POST",
        target="/api/attio/invoices",
        workspace="ws-1",
        user="user-1",
        idempotency_key="key-1",
        accounting_token="token-1",
        body=b'{"a":1}',
    )
    assert signature == "442825f92ed329a8bd51f81fb34382858f868cc616db5eed159c99195a7c08f9"


def test_a_call_without_optional_parts_has_the_signature_of_the_contract():
    signature = sign(SECRET, timestamp=AT, method="GET", target="/api/attio/settings")
    assert signature == "b10c0ca890624c7d604cd469d4184a7ffeac9dfd81a6c5d81d158a5cb2db8edd"


def test_a_call_from_the_host_to_the_app_has_the_signature_of_the_contract():
    key = callback_key(SECRET, "ws-1")
    signature = sign(key, timestamp=AT, method="POST", target="/hook/abc", workspace="ws-1", body=b'{"a":1}')
    assert signature == "480707bf56cfce6938681e51545133cff4cfba7e755fa645aa078205c5b9ef7c"


def test_the_key_of_a_callback_differs_from_workspace_to_workspace():
    assert callback_key(SECRET, "ws-1") != callback_key(SECRET, "ws-2")


def test_text_that_is_no_text_can_be_signed():
    assert len(sign(SECRET, timestamp="\udcff", method="GET", target="/ä", accounting_token="\ud800")) == 64
