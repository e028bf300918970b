"""Read mail by aioimaplib; its argument is the port."""

import asyncio
import json
import sys

from aioimaplib import IMAP4

MESSAGE = b"From: ann@example.com\r\nSubject: added\r\n\r\nHello.\r\n"


async def read(port: int) -> dict[str, object]:
    facts: dict[str, object] = {}
    client = IMAP4("127.0.0.1", port, timeout=60)
    await client.wait_hello_from_server()
    facts["login"] = (await client.login("bob", "secret")).result
    facts["folders"] = [
        line.decode().rpartition(" ")[2].strip('"')
        for line in (await client.list('""', "*")).lines[:-1]
    ]
    facts["selected"] = (await client.select()).result
    found = await client.search('SUBJECT "two"')
    facts["found"] = found.lines[0].decode()
    fetched = await client.uid("fetch", "1", "(BODY.PEEK[])")
    facts["subject"] = bytes(fetched.lines[1]).split(b"\r\n")[0].decode()
    flagged = await client.uid("store", "1", "+FLAGS (\\Flagged)")
    facts["flagged"] = "\\Flagged" in flagged.lines[0].decode()
    idle = await client.idle_start(timeout=60)
    other = IMAP4("127.0.0.1", port, timeout=60)
    await other.wait_hello_from_server()
    await other.login("bob", "secret")
    facts["append"] = (await other.append(MESSAGE, "INBOX")).result
    while b"3 EXISTS" not in (pushed := await client.wait_server_push(timeout=60)):
        assert pushed
    client.idle_done()
    await asyncio.wait_for(idle, 60)
    await client.store("1", "+FLAGS (\\Deleted)")
    facts["expunged"] = (await client.expunge()).result
    facts["left"] = (await client.search("ALL")).lines[0].decode()
    await other.logout()
    facts["logout"] = (await client.logout()).result
    return facts


print(json.dumps(asyncio.run(read(int(sys.argv[1])))))
