"""The import path of lazr.smtptest 1 and 2; the code is in `lazr_smtptest`."""

from lazr_smtptest import __version__

__all__ = ["__version__"]
