"""The heart: a record becomes a draft, a draft a plan, a plan an intent, an intent one invoice.

`builder` and `texts` are pure. Nothing here knows HTTP statuses, SQL or a vendor's JSON.
"""
