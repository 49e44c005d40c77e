"""The host against its own OpenAPI document: no 5xx, no answer that is not documented."""

from uuid import uuid4

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from tests.desk import Desk

pytestmark = pytest.mark.timeout(400)

EXAMPLES = 40
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


class Signed(requests.auth.AuthBase):
    """Signs what is sent, as the app does."""

    def __init__(self, app):
        self.app = app

    def __call__(self, request):
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        headers = self.app.headers(request.method, request.path_url, body, key=uuid4().hex)
        request.headers.update(headers)
        return request


@pytest.fixture
def signed(desk: Desk):
    """Signs calls of an installed workspace whose settings are good."""
    desk.app.put_settings(desk.app.settings)
    return Signed(desk.app)


def operations(host):
    """What the document of the host declares."""
    document = schemathesis.openapi.from_url(f"{host.url}/schema/openapi.json")
    return [result.ok() for result in document.get_all_operations()]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda m: m.value)
def test_every_answer_is_documented(host, signed, mode):
    """Valid and invalid calls of every operation; uninstalling comes last, for nothing works after it."""
    found = sorted(operations(host), key=lambda o: o.method == "delete")
    assert len(found) >= 11
    for operation in found:

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=EXAMPLES, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
        )
        def check(case):
            response = case.call(auth=signed, timeout=30)
            case.validate_response(response, checks=CHECKS)

        try:
            check()
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE, f"{operation.label} has no valid call"


def test_the_document_names_every_error_in_one_shape(host):
    document = httpx.get(f"{host.url}/schema/openapi.json").json()
    for path, operations_of_path in document["paths"].items():
        for method, operation in operations_of_path.items():
            if path.startswith("/api/"):
                assert {"400", "401", "409", "422", "503"} <= operation["responses"].keys(), (method, path)
                assert "application/problem+json" in operation["responses"]["422"]["content"]
