"""Webhooks of the books: taken in, handed on, shown."""
