"""AttiBooks: turns records of the CRM Attio into QuickBooks Online invoices, and keeps both true.

Plugin authors import `model`, `errors`, `events`, `protocols`, `hookspecs`, `settings` and `testing`. Everything
else belongs to the host: `invoicing` (the heart), `plans`, `plugins` (loading), `storage`, `durable`, `web`, `cli`.
"""

__version__ = "0.1.0"
