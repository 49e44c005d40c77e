"""The catalogue of hooks: a window on `attibooks_core.hookspecs`, for readers of a checkout. It is not in the wheel."""

from attibooks_core.hookspecs import *  # noqa: F403
from attibooks_core.hookspecs import __all__ as __all__  # noqa: PLC0414 - the explicit re-export of `import *`
