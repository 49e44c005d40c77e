"""Stripe as far as subscriptions are sold with it (reference: Stripe billing). Loaded when somebody first calls it."""
