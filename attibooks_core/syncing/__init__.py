"""Keeping both sides true after an invoice was made: runs over changes, webhooks' after-work, nights, reconciliation.

What one invoice shows on its records is `invoicing.mirroring`'s business.
"""
