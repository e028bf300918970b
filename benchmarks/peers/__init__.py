"""The servers that are compared."""

from __future__ import annotations

from .node import Maildev, Nodemailer
from .ours import Ours, Twistd
from .peer import Peer
from .postfix import Sink
from .python import Aiosmtpd, Constant, TwistedMail

#: Ours first: it is what the others are compared with.
PEERS: tuple[Peer, ...] = (
    Ours(),
    Twistd(),
    Sink(),
    Constant(),
    TwistedMail(),
    Nodemailer(),
    Aiosmtpd(),
    Maildev(),
)
