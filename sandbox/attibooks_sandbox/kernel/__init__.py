"""The part that knows no vendor: HTTP, routing, JSON, clock, identifiers, faults, throttles, the log of calls."""
