"""Reconciliation: where Attio and the books differ, and putting Attio right.

`differences` compares and does nothing else, `reading` brings what is compared, `repairing` shows what the books say.
The books are never written to: what they say is the truth (X10).
"""
