"""An example of a third party's plugin: invoices ask for a percentage of each line as a deposit.

It imports only what is public in the core: `model`, `errors`, `protocols`, `settings` and `hookspecs`.
"""
