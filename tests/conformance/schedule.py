"""When a message is to go: DELIVERBY, FUTURERELEASE and MT-PRIORITY."""

from __future__ import annotations

from .parameters import mail
from .row import HELLO, MEMORY, row

__all__ = ["ROWS"]

DELIVERBY = (
    mail("by-return", "2852 4", "BY=120;R", "250 2.1.0"),
    mail("by-notify", "2852 4", "BY=120;N", "250 2.1.0"),
    mail("by-return-trace", "2852 4", "BY=120;RT", "250 2.1.0"),
    mail("by-notify-trace", "2852 4", "BY=120;NT", "250 2.1.0"),
    mail("by-lower-case", "2852 4", "by=120;rt", "250 2.1.0"),
    mail("by-plus", "2852 4", "BY=+120;R", "250 2.1.0"),
    mail("by-notify-zero", "2852 4", "BY=0;N", "250 2.1.0"),
    mail("by-notify-negative", "2852 4", "BY=-120;N", "250 2.1.0"),
    mail("by-return-zero", "2852 4", "BY=0;R", "501 5.5.4"),
    mail("by-return-negative", "2852 4", "BY=-1;R", "501 5.5.4"),
    mail("by-nine-digits", "2852 4", "BY=999999999;R", "250 2.1.0"),
    mail("by-ten-digits", "2852 4", "BY=1000000000;R", "501 5.5.4"),
    mail("by-no-mode", "2852 4", "BY=120", "501 5.5.4"),
    mail("by-empty-mode", "2852 4", "BY=120;", "501 5.5.4"),
    mail("by-unknown-mode", "2852 4", "BY=120;X", "501 5.5.4"),
    mail("by-trace-only", "2852 4", "BY=120;T", "501 5.5.4"),
    mail("by-no-time", "2852 4", "BY=;R", "501 5.5.4"),
    mail("by-no-value", "2852 4", "BY", "501 5.5.4"),
    mail("by-twice", "5321 4.1.1.11", "BY=1;R BY=1;R", "501 5.5.4"),
)

FUTURE = "2026-12-24T18:00:00Z"
FUTURERELEASE = (
    mail("holdfor", "4865 3", "HOLDFOR=3600", "250 2.1.0"),
    mail("holdfor-zero", "4865 3", "HOLDFOR=0", "501 5.5.4"),
    mail("holdfor-at-limit", "4865 3", "HOLDFOR=99999999", "250 2.1.0"),
    mail("holdfor-over-limit", "4865 4.2", "HOLDFOR=100000000", "501 5.5.4"),
    mail("holdfor-ten-digits", "4865 3", "HOLDFOR=1000000000", "501 5.5.4"),
    mail("holdfor-negative", "4865 3", "HOLDFOR=-5", "501 5.5.4"),
    mail("holdfor-letters", "4865 3", "HOLDFOR=soon", "501 5.5.4"),
    mail("holdfor-no-value", "4865 3", "HOLDFOR", "501 5.5.4"),
    mail("holdfor-twice", "5321 4.1.1.11", "HOLDFOR=5 HOLDFOR=5", "501 5.5.4"),
    mail("holduntil", "4865 3", f"HOLDUNTIL={FUTURE}", "250 2.1.0"),
    mail("holduntil-offset", "3339 5.6", "HOLDUNTIL=2026-12-24T18:00:00+01:00", "250"),
    mail("holduntil-fraction", "3339 5.6", "HOLDUNTIL=2026-12-24T18:00:00.25Z", "250"),
    mail("holduntil-no-date", "4865 3", "HOLDUNTIL=tomorrow", "501 5.5.4"),
    mail("holduntil-date-only", "3339 5.6", "HOLDUNTIL=2026-12-24", "501 5.5.4"),
    mail("holduntil-no-zone", "3339 5.6", "HOLDUNTIL=2026-12-24T18:00:00", "501 5.5.4"),
    mail("holduntil-month-13", "3339 5.7", "HOLDUNTIL=2026-13-24T18:00:00Z", "501"),
    mail("holduntil-february-30", "3339 5.7", "HOLDUNTIL=2027-02-30T18:00:00Z", "501"),
    mail("holduntil-hour-24", "3339 5.7", "HOLDUNTIL=2027-02-01T24:00:00Z", "501"),
    mail(
        "holduntil-too-late", "4865 4.2", "HOLDUNTIL=2999-01-01T00:00:00Z", "501 5.5.4"
    ),
    mail("holduntil-no-value", "4865 3", "HOLDUNTIL", "501 5.5.4"),
    mail("hold-both", "4865 4.2", f"HOLDFOR=5 HOLDUNTIL={FUTURE}", "501 5.5.4"),
    row(
        "holduntil-at-limit",
        "4865 4.2",
        HELLO,
        # 99,999,999 seconds from the time of the servers in memory.
        ("MAIL FROM:<from@example.com> HOLDUNTIL=2030-01-23T21:46:39Z", "250 2.1.0"),
        ("RSET", "250"),
        ("MAIL FROM:<from@example.com> HOLDUNTIL=2030-01-23T21:46:40Z", "501 5.5.4"),
        only=MEMORY,
    ),
)

MT_PRIORITY = (
    *(
        mail(f"mt-priority-{value}", "6710 4.1", f"MT-PRIORITY={value}", "250 2.1.0")
        for value in ("-9", "-1", "0", "1", "4", "9")
    ),
    mail("mt-priority-ten", "6710 4.1", "MT-PRIORITY=10", "501"),
    mail("mt-priority-minus-ten", "6710 4.1", "MT-PRIORITY=-10", "501"),
    mail("mt-priority-letters", "6710 4.1", "MT-PRIORITY=high", "501"),
    mail("mt-priority-no-value", "6710 4.1", "MT-PRIORITY", "501"),
    mail("mt-priority-twice", "6710 4.1", "MT-PRIORITY=1 MT-PRIORITY=2", "501"),
    mail("mt-priority-lower-case", "5321 2.4", "mt-priority=3", "250 2.1.0"),
)

ROWS = (*DELIVERBY, *FUTURERELEASE, *MT_PRIORITY)
