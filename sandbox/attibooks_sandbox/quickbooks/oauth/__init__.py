"""Intuit's OAuth 2.0 and OpenID Connect: consent, tokens, identity (reference: QuickBooks Online API, §2)."""
