"""QuickBooks Online for AttiBooks: the accounting backend that turns a draft into an invoice, exactly once.

Here lives everything that knows Intuit's Accounting API v3: its wire format, its faults, its query language, its rules
for customers, items, tax codes and currencies, and the order of its writes. What does not live here: reading the CRM,
building the draft, durability and quota (the host's), tokens (they come with each call). Nothing in here deletes.
"""

from attibooks_quickbooks import plugin

__all__ = ["plugin"]
