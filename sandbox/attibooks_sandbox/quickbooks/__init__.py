"""QuickBooks Online Accounting API v3: companies with their lists, invoices and payments, behind bearer tokens.

`model` and `company` hold the state, `shapes` reads what clients send, `faults` words the refusals, `query` is the
query language. Modules named after an entity write and render it; `service` is the gateway in front of them.
"""
