"""Attio for AttiBooks: reads records, writes outcomes back onto them, and checks calls of the app inside Attio.

What lives here knows Attio's REST API and the signature of the app's calls. Invoices, accounting systems and the
app's routes do not: the core and other plugins have those.
"""

from attibooks_attio.plugin import plugin

__all__ = ["plugin"]
