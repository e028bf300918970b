"""What a worker is told."""

from __future__ import annotations

from lazr_smtptest.cli.tap import Options
from lazr_smtptest.cli.workers.assignment import Assignment


def test_an_assignment_goes_through_a_pipe() -> None:
    """All options that there are, too."""
    options = Options()
    options.parseOptions(["--auth=any", "--tls=auto", "--smtps=tcp:1", "--quiet"])
    assignment = Assignment(
        reactor="twisted.internet.selectreactor",
        options=dict(options),
        tls={"ca": "..."},
        tells_mail=True,
        logs_mail=False,
        sockets=(5, 6),
    )
    assert Assignment.from_json(assignment.to_json()) == assignment
