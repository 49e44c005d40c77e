"""Batches: up to 30 operations in a call, each with its own result or Fault (reference: QuickBooks Online API, §7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from attibooks_sandbox.kernel.jsonio import read_json, write_json
from attibooks_sandbox.quickbooks import faults
from attibooks_sandbox.quickbooks.company import Promise
from attibooks_sandbox.quickbooks.operations import Operations, unsupported, writable
from attibooks_sandbox.quickbooks.wire import Wire

MOST_ITEMS = 30
MOST_OBJECTS = 1000
LONGEST_REQUEST_ID = 36
LONGEST_NUMBER = 10
_STEERING = ("bId", "operation", "optionsData", "Query")
_ENTITIES = (
    "Account", "Bill", "BillPayment", "CompanyCurrency", "CreditMemo", "Customer", "Employee", "Estimate", "Invoice",
    "Item", "JournalEntry", "Payment", "Purchase", "SalesReceipt", "TaxCode", "TaxRate", "Term", "Vendor",
)  # fmt: skip


class BatchItem(msgspec.Struct, frozen=True):
    """One operation of a batch: a query, or a write of an entity; `number` is the client's `bId`."""

    number: str
    operation: str
    entity: str | None
    content: object


def read_batch(raw: object, request_id: str = "") -> list[BatchItem]:
    """Return the operations of a batch's body; a body that is no batch is refused as a whole.

    More than 30 operations are 1040; with a request id its length over 36 or that of a `bId` over 10 is 2130.
    """
    given = raw.get("BatchItemRequest") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not isinstance(given, list) or not given:
        raise faults.missing("BatchItemRequest")
    for name in raw:
        if name != "BatchItemRequest":
            raise faults.unknown_property(name, "IntuitBatchRequest", ["BatchItemRequest"])
    if len(given) > MOST_ITEMS:
        raise faults.batch_too_large(MOST_ITEMS)
    items = [_item(each) for each in given]
    if request_id:
        _check_lengths(items, request_id)
    return items


def _item(raw: object) -> BatchItem:
    if not isinstance(raw, dict):
        raise faults.invalid_property("Can not deserialize instance of BatchItemRequest out of this token")
    for name in raw:
        if name not in _STEERING and name not in _ENTITIES:
            raise faults.unknown_property(name, "BatchItemRequest", [*_STEERING, *_ENTITIES])
    number = raw.get("bId")
    if not isinstance(number, str | int) or number == "":
        raise faults.missing("bId")
    entity = next((name for name in raw if name in _ENTITIES), None)
    content = raw.get("Query") if entity is None else raw[entity]
    return BatchItem(str(number), str(raw.get("operation") or ""), entity, content)


def _check_lengths(items: Sequence[BatchItem], request_id: str) -> None:
    if len(request_id) > LONGEST_REQUEST_ID:
        raise faults.invalid_request_id("requestid of a batch", LONGEST_REQUEST_ID)
    if any(len(item.number) > LONGEST_NUMBER for item in items):
        raise faults.invalid_request_id("bId", LONGEST_NUMBER)


class Batch:
    """Does the operations one after the other; `queries` counts those that were metered reads."""

    def __init__(self, operations: Operations, query: Callable[[str], Wire], request_id: str) -> None:
        """Prepare a batch of one company; with a request id an operation done before is answered alike."""
        self._operations = operations
        self._query = query
        self._request_id = request_id
        self._objects = 0
        self.queries = 0

    def answer(self, items: Sequence[BatchItem]) -> list[Wire]:
        """Return the result of each operation; one that fails does not stop the others."""
        return [{**self._once(item), "bId": item.number} for item in items]

    def _once(self, item: BatchItem) -> Wire:
        company, key = self._operations.company, f"{self._request_id}\t{item.number}"
        kept = company.promises.get(key) if self._request_id else None
        if kept is not None:
            found = read_json(kept.body)
            assert isinstance(found, dict)
            return found
        result = self._result(item)
        if self._request_id and ("Fault" not in result or self._operations.switches.replay_faults):
            company.promise(key, Promise(200, "", write_json(result)))
        return result

    def _result(self, item: BatchItem) -> Wire:
        try:
            return self._asked(item.content) if item.entity is None else self._written(item, item.entity)
        except faults.RefusedError as error:
            return {"Fault": error.body()}

    def _asked(self, statement: object) -> Wire:
        if not isinstance(statement, str):
            raise faults.missing("Query")
        response = self._query(statement)
        self._objects += sum(len(rows) for rows in response.values() if isinstance(rows, list))
        if self._objects > MOST_OBJECTS:
            raise faults.result_too_large(MOST_OBJECTS)
        self.queries += 1
        return {"QueryResponse": response}

    def _written(self, item: BatchItem, entity: str) -> Wire:
        if not item.operation:
            raise faults.missing("operation")
        if item.operation == "send" and entity == "Invoice" and isinstance(item.content, dict):
            return self._operations.send(str(item.content.get("Id", "")), None)
        if not writable(entity.lower(), item.operation):
            raise unsupported(item.operation)
        return self._operations.write(entity.lower(), item.operation, item.content)
