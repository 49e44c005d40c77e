"""Plans: what a workspace may do, and how many invoices it has left. Pure; the counters are in `storage.usage`."""
