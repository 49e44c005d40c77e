"""The OAuth code of two more clients from npm: node-quickbooks (2.0.50) and quickbooks-node-promise (3.3.14)."""


def test_node_quickbooks_refreshes_reads_and_revokes_as_a_form(run_node, box):
    world, facts = box.world["quickbooks"], box.company()
    seen = run_node(
        "node-quickbooks-oauth",
        keys={"client_id": world["client_id"], "client_secret": world["client_secret"]},
        tokens={"access": "expired", "refresh": facts["refresh_token"]},
        realm=facts["realm"],
        base=f"{box.url}/quickbooks",
        accounts="/sandbox-accounts",
        api=box.quickbooks_url("sandbox"),
    )
    assert seen["refreshed"]["refresh_token"] == facts["refresh_token"]
    assert (seen["company"], seen["after"]) == (facts["name"], "invalid_grant")
    assert seen["user"]["emailVerified"] is True


def test_quickbooks_node_promise_goes_the_whole_way(run_node, box):
    facts = box.company("DE")
    seen = run_node(
        "quickbooks-node-promise-oauth",
        keys=box.world["quickbooks"]["clients"]["sandbox"],
        callback="http://localhost:8000/callback",
        company=f"sandbox:{facts['realm']}",
        base=f"{box.url}/quickbooks",
        accounts="/sandbox-accounts",
        api=box.quickbooks_url("sandbox"),
    )
    assert set(seen.pop("user")) == {"sub", "email", "emailVerified"}
    assert seen == {
        "state": "s-71",
        "realm": facts["realm"],
        "company": facts["name"],
        "after": "Bad Request",
    }
