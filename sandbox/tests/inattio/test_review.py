"""The review dialog and the batch of the app that the page plays: what it sends, and what it passes on."""

import json

INVOICES = "/api/attio/invoices"
PREVIEW, BATCH = f"{INVOICES}/preview", f"{INVOICES}/batch"


# the review


def test_a_preview_is_a_read_with_the_settings_and_its_answer_is_passed_on_as_it_is(connected, host):
    shown = {
        "draft": {"memo": "é"},
        "draft_token": "t",
        "payload": [{"method": "POST", "path": "/x", "body": '{"a":1.50}'}],
    }
    host.tell("POST", PREVIEW, (200, shown))
    outcome = connected.preview()
    assert (outcome["ok"], outcome["toast"], outcome["body"]) == (True, None, shown)
    (call,) = host.calls(PREVIEW)
    assert "idempotency-key" not in call.headers
    assert call.headers["x-accounting-access-token"] == connected.company["access_token"]
    expected = {"object": "companies", "record_id": connected.record, "settings": connected.shown()["settings"]}
    assert json.loads(call.body) == expected


def test_a_preview_carries_edits_and_also_empty_ones(connected, host):
    host.tell("POST", PREVIEW, (200, {}))
    edits = {"memo": None, "lines": [{"id": None, "rate": "33.335"}]}
    connected.preview(edits=edits)
    connected.preview(edits={})
    assert [json.loads(call.body)["edits"] for call in host.calls(PREVIEW)] == [edits, {}]


def test_a_preview_that_is_refused_says_so_with_the_link_to_upgrade(connected, host):
    url = "https://pay.example/upgrade"
    host.tell("POST", PREVIEW, (402, {"code": "plan_required", "detail": "Upgrade first.", "upgrade_url": url}))
    outcome = connected.preview()
    assert outcome["toast"] == {"kind": "error", "title": "The invoice cannot be previewed", "text": "Upgrade first."}
    assert (outcome["code"], outcome["body"]["upgrade_url"]) == ("plan_required", url)


def test_what_was_reviewed_is_sent_in_custom_mode_with_token_and_edits(connected, host):
    host.tell("POST", INVOICES, (201, connected.CREATED))
    edits = {"memo": "Thanks"}
    assert connected.create(reviewed={"draft_token": "t", "edits": edits}, confirm_recent=True)["ok"]
    assert connected.create(reviewed={"draft_token": "u"})["ok"]
    first, second = (json.loads(call.body) for call in host.calls(INVOICES))
    sent = [first[name] for name in ("mode", "draft_token", "edits", "confirm_recent")]
    assert sent == ["custom", "t", edits, True]
    assert (second["mode"], second["draft_token"], "edits" in second) == ("custom", "u", False)


def test_a_reviewed_draft_takes_nothing_else_along(connected, host):
    body = {"reviewed": {"draft_token": "t", "price": 1}}
    answer = connected.http.post(f"{connected.records}/{connected.record}/invoice", json=body)
    assert (answer.status_code, "price" in answer.json()["error"]) == (400, True)
    assert host.calls(INVOICES) == []


# a selection of records


def test_a_batch_is_a_change_whose_job_is_named_and_can_be_followed(connected, host):
    host.tell("POST", BATCH, (202, {"job_id": "j1"}))
    job = {"id": "j1", "state": "running", "progress": {"done": 1, "total": 2}}
    host.tell("GET", "/api/attio/jobs/j1", (200, job))
    outcome = connected.act("batch", record_ids=["a", "b"], confirm_recent=True)
    assert (outcome["ok"], outcome["toast"], outcome["body"]) == (True, None, {"job_id": "j1"})
    (call,) = host.calls(BATCH)
    assert call.headers["idempotency-key"]
    body = json.loads(call.body)
    assert (body["object"], body["record_ids"], body["confirm_recent"]) == ("companies", ["a", "b"], True)
    assert body["settings"] == connected.shown()["settings"]
    assert connected.press("jobs/j1", method="GET")["body"] == job
    assert "idempotency-key" not in host.calls("/api/attio/jobs/j1")[0].headers


def test_a_batch_that_is_refused_and_a_job_that_is_gone_are_told_in_the_hosts_words(connected, host):
    host.tell("POST", BATCH, (422, {"code": "invalid_draft", "detail": "Choose at most 250 records."}))
    toast = connected.act("batch", record_ids=["a"])["toast"]
    assert toast == {"kind": "error", "title": "Invoices not created", "text": "Choose at most 250 records."}
    assert "confirm_recent" not in json.loads(host.calls(BATCH)[0].body)
    host.tell("GET", "/api/attio/jobs/no%2Fbody", (404, {"code": "job_not_found", "detail": "There is no such job."}))
    outcome = connected.press("jobs/no%2Fbody", method="GET")
    assert (outcome["code"], outcome["toast"]["text"]) == ("job_not_found", "There is no such job.")
