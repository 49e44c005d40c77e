"""HTTP: the only place that knows of it. Routes turn calls into calls of services, and answers into JSON.

Rules live elsewhere; one table (`problems`) says which error has which status.
"""

from attibooks_core.web.app import create_app

__all__ = ["create_app"]
