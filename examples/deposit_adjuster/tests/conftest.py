"""The plugin is tested from its folder, so that a checkout of AttiBooks never has it installed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
