"""Attio REST API v2: objects, attributes, options, statuses, records and their values, behind tokens with scopes.

`model` and `workspace` hold the state, `values` one kind of attribute each, `filters` the query language. The modules
named after a resource answer its endpoints; `service` puts them behind one door.
"""
