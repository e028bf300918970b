"""Read mail by the client mailhog; its argument is the port."""

import json
import sys

from mailhog import Mailhog

api = Mailhog("127.0.0.1", int(sys.argv[1]))
found = api.messages()
[message] = found.items
searched = [
    api.search(query, kind).total
    for query, kind in (("bob@", "to"), ("ann@", "from"), ("481516", "containing"))
]
api.delete(message)
print(
    json.dumps(
        {
            "counts": [found.total, found.count, found.start],
            "sender": message.get_sender(),
            "recipients": message.get_recipients(),
            "subject": message.get_subject(),
            "parts": len(message.mime.parts),
            "searched": searched,
            "left": api.messages().total,
        }
    )
)
api.delete_all()
