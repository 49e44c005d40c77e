"""Edit Invoice in QuickBooks: what a person may change, and what nobody does behind their back (rows 112 to 120)."""


def test_first(desk):
    record = desk.new_company()
    desk.create(record)
    live = desk.app.live("companies", record)
    print(live.json())
    assert live.status_code == 200, live.text
    answer = desk.app.edit("companies", record, version=live.json()["version"], memo="Hello", due_date="2027-03-01")
    print(answer.text)
    assert answer.status_code == 200
    asked = desk.app.void("companies", record)
    print(asked.text)
    answer = desk.app.void("companies", record, confirm_token=asked.json()["confirm"]["token"])
    print(answer.text)
    print(desk.shown(record))
    print(desk.invoices(record))
    for e in desk.trail(record):
        print(e)
    assert 0
