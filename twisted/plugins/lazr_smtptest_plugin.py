"""What twistd has of this package; it loads this on every start of its own."""

from twisted.application.reactors import Reactor
from twisted.application.service import ServiceMaker

# The modules go by name: importing one here would install a reactor too early.
smtptest = ServiceMaker(
    "lazr_smtptest",
    "lazr_smtptest.cli.tap",
    "A real SMTP server for tests.",
    "smtptest",
)
epoll = Reactor(
    "smtptest", "lazr_smtptest.net.batching", "epoll, for many mail clients"
)
