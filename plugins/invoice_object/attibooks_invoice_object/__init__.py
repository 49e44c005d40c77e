"""The invoice object: keeps every invoice as a record of its own in the workspace's CRM (Pro).

What lives here knows which attributes such a record has and how to set the object up. It knows no CRM: it works with
whatever record store the host hands to it. When a record is to be written is decided by the core.
"""
