"""The schemas of what Mailpit's API takes and answers, as Swagger 2.0 has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["BYTES", "DEFINITIONS", "TEXT", "Schema", "list_of", "map_of", "reference"]

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "integer", "format": "int64"}
_FLOAT: Schema = {"type": "number", "format": "double"}
_FLAG: Schema = {"type": "boolean"}
BYTES: Schema = {"type": "string", "format": "binary"}
_TIME: Schema = {"type": "string", "format": "date-time"}


def reference(name: str) -> Schema:
    """Return a reference to a definition."""
    return {"$ref": f"#/definitions/{name}"}


def list_of(items: Schema) -> Schema:
    """Return the schema of an array."""
    return {"type": "array", "items": items}


def map_of(values: Schema) -> Schema:
    """Return the schema of an object with any names."""
    return {"type": "object", "additionalProperties": values}


def _record(**properties: Schema) -> Schema:
    """Return the schema of an object that always has all its members."""
    return {**_object(**properties), "required": list(properties)}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties}


_ADDRESSES = list_of(reference("Address"))
_SUMMARY = {
    "ID": TEXT,
    "MessageID": TEXT,
    "Read": _FLAG,
    "From": reference("Address"),
    **dict.fromkeys(("To", "Cc", "Bcc", "ReplyTo"), _ADDRESSES),
    "Subject": TEXT,
    "Created": _TIME,
    "Username": TEXT,
    "Tags": list_of(TEXT),
    "Size": _NUMBER,
    "Attachments": _NUMBER,
    "Snippet": TEXT,
}
_MESSAGE = {
    "ID": TEXT,
    "MessageID": TEXT,
    "From": reference("Address"),
    **dict.fromkeys(("To", "Cc", "Bcc", "ReplyTo"), _ADDRESSES),
    "ReturnPath": TEXT,
    "Subject": TEXT,
    "ListUnsubscribe": reference("ListUnsubscribe"),
    "Date": _TIME,
    "Tags": list_of(TEXT),
    "Username": TEXT,
    "Text": TEXT,
    "HTML": TEXT,
    "Size": _NUMBER,
    "Inline": list_of(reference("Attachment")),
    "Attachments": list_of(reference("Attachment")),
}
_RELAY = {
    "Enabled": _FLAG,
    **dict.fromkeys(
        (
            "SMTPServer",
            "ReturnPath",
            "AllowedRecipients",
            "BlockedRecipients",
            "OverrideFrom",
        ),
        TEXT,
    ),
    "PreserveMessageIDs": _FLAG,
    "RecipientAllowlist": TEXT,
}
_SUPPORT = dict.fromkeys(("Supported", "Partial", "Unsupported"), _FLOAT)

DEFINITIONS: Mapping[str, Schema] = {
    "Address": _record(Name=TEXT, Address=TEXT),
    "Attachment": _record(
        PartID=TEXT,
        FileName=TEXT,
        ContentType=TEXT,
        ContentID=TEXT,
        Size=_NUMBER,
        Checksums=_record(MD5=TEXT, SHA1=TEXT, SHA256=TEXT),
    ),
    "ListUnsubscribe": _record(
        Header=TEXT, Links=list_of(TEXT), Errors=TEXT, HeaderPost=TEXT
    ),
    "MessageSummary": _record(**_SUMMARY),
    "Message": _record(**_MESSAGE),
    "Messages": _record(
        **dict.fromkeys(
            (
                "total",
                "unread",
                "count",
                "messages_count",
                "messages_unread",
                "start",
            ),
            _NUMBER,
        ),
        tags=list_of(TEXT),
        messages=list_of(reference("MessageSummary")),
    ),
    "Info": _record(
        Version=TEXT,
        LatestVersion=TEXT,
        Database=TEXT,
        DatabaseSize=_NUMBER,
        Messages=_NUMBER,
        Unread=_NUMBER,
        Tags=map_of(_NUMBER),
        RuntimeStats=_record(
            **dict.fromkeys(
                (
                    "Uptime",
                    "Memory",
                    "MessagesDeleted",
                    "SMTPAccepted",
                    "SMTPAcceptedSize",
                    "SMTPRejected",
                    "SMTPIgnored",
                ),
                _NUMBER,
            ),
        ),
    ),
    "WebUI": _record(
        Label=TEXT,
        MessageRelay=_record(**_RELAY),
        SpamAssassin=_FLAG,
        ChaosEnabled=_FLAG,
        DuplicatesIgnored=_FLAG,
        HideDeleteAllButton=_FLAG,
    ),
    "Trigger": _object(
        ErrorCode={"type": "integer"},
        Probability={"type": "integer", "minimum": 0, "maximum": 100},
    ),
    "Triggers": _object(
        **dict.fromkeys(("Sender", "Recipient", "Authentication"), reference("Trigger"))
    ),
    "ReadRequest": _object(Read=_FLAG, IDs=list_of(TEXT), Search=TEXT),
    "IDsRequest": _object(IDs=list_of(TEXT)),
    "TagsRequest": _object(Tags=list_of(TEXT), IDs=list_of(TEXT)),
    "NameRequest": _object(Name=TEXT),
    "ReleaseRequest": _object(To=list_of(TEXT)),
    "SendAddress": _object(Name=TEXT, Email=TEXT),
    "SendRequest": _object(
        From=reference("SendAddress"),
        To=list_of(reference("SendAddress")),
        Cc=list_of(reference("SendAddress")),
        Bcc=list_of(TEXT),
        ReplyTo=list_of(reference("SendAddress")),
        Subject=TEXT,
        Text=TEXT,
        HTML=TEXT,
        Attachments=list_of(
            _object(Content=TEXT, Filename=TEXT, ContentType=TEXT, ContentID=TEXT)
        ),
        Tags=list_of(TEXT),
        Headers=map_of(TEXT),
    ),
    "SendAnswer": _record(ID=TEXT),
    "SendError": _record(Error=TEXT),
    "HTMLCheck": _record(
        Warnings=list_of(map_of({})),
        Platforms=map_of(list_of(TEXT)),
        Total=_record(Tests=_NUMBER, Nodes=_NUMBER, **_SUPPORT),
    ),
    "LinkCheck": _record(
        Errors=_NUMBER,
        Links=list_of(_record(URL=TEXT, StatusCode=_NUMBER, Status=TEXT)),
    ),
    "SpamCheck": _object(
        IsSpam=_FLAG,
        Error=TEXT,
        Score=_FLOAT,
        Rules=list_of(_record(Score=_FLOAT, Name=TEXT, Description=TEXT)),
    ),
}
