"""The function's own folder on the path, as Lambda puts /var/task there."""

import sys
from pathlib import Path

FUNCTION = Path(__file__).parents[3] / "bridges" / "pubsub"
if str(FUNCTION) not in sys.path:
    sys.path.insert(0, str(FUNCTION))
