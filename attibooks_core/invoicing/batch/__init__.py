"""Batches: a selection of records becomes invoices, many in a call, each with an intent of its own.

Here live the call that begins a batch, its durable operation, and what makes few calls of many. What one invoice
needs, alone or not, stays in the package above.
"""
