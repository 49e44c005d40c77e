"""Notices of changes, sent to the app (reference: QuickBooks Online API, §8). Loaded when an endpoint is set."""
