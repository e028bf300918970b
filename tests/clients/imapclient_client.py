"""Read mail by IMAPClient; its argument is the port."""

import json
import sys

from imapclient import IMAPClient

MESSAGE = b"From: ann@example.com\r\nSubject: added\r\n\r\nHello.\r\n"

facts = {}
with (
    IMAPClient("127.0.0.1", int(sys.argv[1]), ssl=False, timeout=60) as client,
    IMAPClient("127.0.0.1", int(sys.argv[1]), ssl=False, timeout=60) as other,
):
    client.login("bob", "secret")
    facts["folders"] = [name for _, _, name in client.list_folders()]
    facts["exists"] = client.select_folder("INBOX")[b"EXISTS"]
    facts["found"] = client.search(["SUBJECT", "two"])
    facts["sorted"] = client.sort(["REVERSE", "SUBJECT"])
    [uid] = facts["found"]
    items = client.fetch([uid], ["ENVELOPE", "RFC822.SIZE", "BODY.PEEK[]"])[uid]
    facts["subject"] = items[b"ENVELOPE"].subject.decode()
    facts["whole"] = len(items[b"BODY[]"]) == items[b"RFC822.SIZE"]
    client.add_flags([uid], [b"\\Flagged", b"later"])
    facts["flags"] = sorted(each.decode() for each in client.get_flags([uid])[uid])
    client.idle()
    other.login("bob", "secret")
    other.append("INBOX", MESSAGE)
    told = []
    while not any(words[1:] == (b"EXISTS",) for words in told):
        told = client.idle_check(timeout=60) or sys.exit("IDLE told nothing in 60 s")
    client.idle_done()
    facts["idle"] = [str(words[0]) for words in told if b"EXISTS" in words]
    facts["moved"] = "MOVE" in {each.decode() for each in client.capabilities()}
    client.delete_messages([uid])
    client.expunge([uid])
    facts["left"] = client.search()
print(json.dumps(facts))
