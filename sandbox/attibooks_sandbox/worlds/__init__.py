"""The seeded data: companies and workspaces that look lived in, the same for the same seed.

`companies`, `workspaces`, `objects` and `records` hold the facts, `books` and `crm` turn them into state, `build`
puts a world together.
"""
