"""Read mail by imap-tools; its argument is the port."""

import json
import sys

from imap_tools import AND, MailBoxUnencrypted, MailMessageFlags

MESSAGE = b"From: ann@example.com\r\nSubject: added\r\n\r\nHello.\r\n"

facts = {}
with MailBoxUnencrypted("127.0.0.1", int(sys.argv[1]), timeout=60).login(
    "bob", "secret"
) as box:
    facts["folders"] = [folder.name for folder in box.folder.list()]
    facts["subjects"] = [each.subject for each in box.fetch(mark_seen=False)]
    [found] = box.fetch(AND(subject="two"), mark_seen=False)
    facts["text"] = found.text.splitlines()[0]
    facts["sender"] = found.from_
    box.flag(found.uid, MailMessageFlags.FLAGGED, True)
    facts["flagged"] = box.uids(AND(flagged=True)) == [found.uid]
    box.append(MESSAGE, "INBOX", dt=None, flag_set=[MailMessageFlags.SEEN])
    facts["seen"] = [each.subject for each in box.fetch(AND(seen=True))]
    box.delete(found.uid)
    facts["left"] = [each.subject for each in box.fetch(mark_seen=False)]
    box.idle.start()
    box.idle.stop()
    facts["status"] = box.folder.status("INBOX")["MESSAGES"]
print(json.dumps(facts))
