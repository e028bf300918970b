"""The ``smtptest`` command of twistd, which loads this on every start of its own."""

from twisted.application.service import ServiceMaker

# The module goes by name: importing it here would install a reactor too early.
smtptest = ServiceMaker(
    "lazr_smtptest", "lazr_smtptest.tap", "A real SMTP server for tests.", "smtptest"
)
