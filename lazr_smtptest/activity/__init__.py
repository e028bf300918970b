"""The activity of this process beside the server, for the text of failures.

Importing it installs nothing. Recording begins with the first `Activity.start`.
"""

from __future__ import annotations

from lazr_smtptest.activity.recorder import Activity
from lazr_smtptest.activity.threads import unobserved

__all__ = ["Activity", "unobserved"]
