"""Carrying operations to their end, whatever crashes: a small port, the engine behind it, and a double for tests.

`dbos_runtime` is the only module that knows the engine. No other part of the host, no operation and no plugin imports
it, so it can be exchanged (durable-execution reference, the port).
"""

from attibooks_core.durable.port import DurableRuntime, Operation, OperationRun

__all__ = ["DurableRuntime", "Operation", "OperationRun"]
