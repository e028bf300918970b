"""Under load a fault is as exact as ever."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from lazr_smtptest import CaptureServer, Controller

SESSIONS = 200
RECIPIENTS = 5
COMMANDS = [
    "EHLO client.example.com",
    "MAIL FROM:<from@example.com>",
    *[f"RCPT TO:<to-{number}@example.com>" for number in range(1, RECIPIENTS + 1)],
    "DATA",
]


async def session(host: str, port: int) -> list[str]:
    """Send one message; the codes of the answers."""
    reader, writer = await asyncio.open_connection(host, port)
    codes = [(await reader.readline()).decode()[:3]]
    for command in [*COMMANDS, "Subject: Hi\r\n\r\nHello.\r\n.", "QUIT"]:
        writer.write(f"{command}\r\n".encode())
        while (line := (await reader.readline()).decode())[3:4] == "-":
            pass
        codes.append(line[:3])
    writer.close()
    await writer.wait_closed()
    return codes


async def crowd(controller: Controller) -> list[list[str]]:
    """All of them at once."""
    sessions = [session(controller.host, controller.port) for _ in range(SESSIONS)]
    return await asyncio.gather(*sessions)


@pytest.mark.slow
@pytest.mark.parametrize("number", [2, 117])
def test_the_third_recipient_of_one_session_fails(number: int) -> None:
    """Once, there, and it is in the journal; nobody else is refused anything."""
    server = CaptureServer()
    rule = server.faults.on("RCPT", session=number, nth=3)
    rule.reply(452, "4.2.2 Mailbox full")
    with Controller(server) as controller:
        answers = asyncio.run(crowd(controller))
    [fired] = server.faults.journal
    assert (fired.phase, fired.session) == ("RCPT", number)
    assert fired.to == ("to-3@example.com",)
    server.faults.assert_all_fired()
    good = ["220", *["250"] * (RECIPIENTS + 2), "354", "250", "221"]
    bad = [*good[:5], "452", *good[6:]]
    assert Counter(map(tuple, answers)) == {tuple(good): SESSIONS - 1, tuple(bad): 1}
    assert len(server.mailbox) == SESSIONS
    refused = [each for each in server.sessions if each.refusals]
    assert [each.id for each in refused] == [fired.session_id]


def test_every_fifth_message_fails() -> None:
    """Forty of two hundred, whoever sent them."""
    server = CaptureServer()
    server.faults.on("EOD", nth=range(5, SESSIONS + 1, 5)).reply(451, "4.3.0 no")
    with Controller(server) as controller:
        asyncio.run(crowd(controller))
    assert len(server.faults.journal) == SESSIONS // 5
    assert len(server.mailbox) == SESSIONS - SESSIONS // 5
