"""Plugins of this host: finding them, checking them, and asking them.

A bad plugin is reported and left out; it never takes the host or another plugin down. Nothing here knows records,
invoices or HTTP: that is the business of those who ask.
"""

from attibooks_core.plugins.facade import Plugins, WorkspaceScope, explicit
from attibooks_core.plugins.loading import Candidate, installed_candidates
from attibooks_core.plugins.report import PluginReport, PluginState

__all__ = ["Candidate", "PluginReport", "PluginState", "Plugins", "WorkspaceScope", "explicit", "installed_candidates"]
