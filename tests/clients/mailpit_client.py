"""Read mail by the client mailpit-api-client; its argument is the URL."""

import json
import sys

from mailpit.client.api import API

api = API(sys.argv[1].rstrip("/"), timeout=30)
found = api.get_messages()
[summary] = found.messages
message = api.get_message(summary.id)
[attachment] = message.attachments
content = api.get_message_attachment(summary.id, attachment.part_id)
headers = api.get_message_headers(summary.id)
api.delete_messages([])
print(
    json.dumps(
        {
            "counts": [found.total, found.unread, found.count, found.start],
            "created": summary.created.isoformat(),
            "read": [summary.read, message.read],
            "from": [message.from_.name, message.from_.address],
            "to": [each.address for each in message.to],
            "subject": message.subject,
            "date": message.date.isoformat(),
            "text": message.text,
            "attachment": [attachment.file_name, content],
            "header": headers.message_id,
            "left": api.get_messages().total,
        }
    )
)
