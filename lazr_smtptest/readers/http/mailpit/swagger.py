"""The description of Mailpit's API, as Swagger 2.0, which its clients are made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lazr_smtptest.version import __version__

__all__ = ["document"]

_Schema = dict[str, Any]

_TEXT: _Schema = {"type": "string"}
_NUMBER: _Schema = {"type": "integer", "format": "int64"}
_FLOAT: _Schema = {"type": "number", "format": "double"}
_FLAG: _Schema = {"type": "boolean"}
_BYTES: _Schema = {"type": "string", "format": "binary"}
_TIME: _Schema = {"type": "string", "format": "date-time"}


def _ref(name: str) -> _Schema:
    return {"$ref": f"#/definitions/{name}"}


def _list(items: _Schema) -> _Schema:
    return {"type": "array", "items": items}


def _map(values: _Schema) -> _Schema:
    return {"type": "object", "additionalProperties": values}


def _record(**properties: _Schema) -> _Schema:
    """Return the schema of an object that always has all its members."""
    return {**_object(**properties), "required": list(properties)}


def _object(**properties: _Schema) -> _Schema:
    return {"type": "object", "properties": properties}


_ADDRESSES = _list(_ref("Address"))
_SUMMARY = {
    "ID": _TEXT,
    "MessageID": _TEXT,
    "Read": _FLAG,
    "From": _ref("Address"),
    **dict.fromkeys(("To", "Cc", "Bcc", "ReplyTo"), _ADDRESSES),
    "Subject": _TEXT,
    "Created": _TIME,
    "Username": _TEXT,
    "Tags": _list(_TEXT),
    "Size": _NUMBER,
    "Attachments": _NUMBER,
    "Snippet": _TEXT,
}
_MESSAGE = {
    "ID": _TEXT,
    "MessageID": _TEXT,
    "From": _ref("Address"),
    **dict.fromkeys(("To", "Cc", "Bcc", "ReplyTo"), _ADDRESSES),
    "ReturnPath": _TEXT,
    "Subject": _TEXT,
    "ListUnsubscribe": _ref("ListUnsubscribe"),
    "Date": _TIME,
    "Tags": _list(_TEXT),
    "Username": _TEXT,
    "Text": _TEXT,
    "HTML": _TEXT,
    "Size": _NUMBER,
    "Inline": _list(_ref("Attachment")),
    "Attachments": _list(_ref("Attachment")),
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
        _TEXT,
    ),
    "PreserveMessageIDs": _FLAG,
    "RecipientAllowlist": _TEXT,
}
_SUPPORT = dict.fromkeys(("Supported", "Partial", "Unsupported"), _FLOAT)

_DEFINITIONS: Mapping[str, _Schema] = {
    "Address": _record(Name=_TEXT, Address=_TEXT),
    "Attachment": _record(
        PartID=_TEXT,
        FileName=_TEXT,
        ContentType=_TEXT,
        ContentID=_TEXT,
        Size=_NUMBER,
        Checksums=_record(MD5=_TEXT, SHA1=_TEXT, SHA256=_TEXT),
    ),
    "ListUnsubscribe": _record(
        Header=_TEXT, Links=_list(_TEXT), Errors=_TEXT, HeaderPost=_TEXT
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
        tags=_list(_TEXT),
        messages=_list(_ref("MessageSummary")),
    ),
    "Info": _record(
        Version=_TEXT,
        LatestVersion=_TEXT,
        Database=_TEXT,
        DatabaseSize=_NUMBER,
        Messages=_NUMBER,
        Unread=_NUMBER,
        Tags=_map(_NUMBER),
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
        Label=_TEXT,
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
        **dict.fromkeys(("Sender", "Recipient", "Authentication"), _ref("Trigger"))
    ),
    "ReadRequest": _object(Read=_FLAG, IDs=_list(_TEXT), Search=_TEXT),
    "IDsRequest": _object(IDs=_list(_TEXT)),
    "TagsRequest": _object(Tags=_list(_TEXT), IDs=_list(_TEXT)),
    "NameRequest": _object(Name=_TEXT),
    "ReleaseRequest": _object(To=_list(_TEXT)),
    "SendAddress": _object(Name=_TEXT, Email=_TEXT),
    "SendRequest": _object(
        From=_ref("SendAddress"),
        To=_list(_ref("SendAddress")),
        Cc=_list(_ref("SendAddress")),
        Bcc=_list(_TEXT),
        ReplyTo=_list(_ref("SendAddress")),
        Subject=_TEXT,
        Text=_TEXT,
        HTML=_TEXT,
        Attachments=_list(
            _object(Content=_TEXT, Filename=_TEXT, ContentType=_TEXT, ContentID=_TEXT)
        ),
        Tags=_list(_TEXT),
        Headers=_map(_TEXT),
    ),
    "SendAnswer": _record(ID=_TEXT),
    "SendError": _record(Error=_TEXT),
    "HTMLCheck": _record(
        Warnings=_list(_map({})),
        Platforms=_map(_list(_TEXT)),
        Total=_record(Tests=_NUMBER, Nodes=_NUMBER, **_SUPPORT),
    ),
    "LinkCheck": _record(
        Errors=_NUMBER,
        Links=_list(_record(URL=_TEXT, StatusCode=_NUMBER, Status=_TEXT)),
    ),
    "SpamCheck": _object(
        IsSpam=_FLAG,
        Error=_TEXT,
        Score=_FLOAT,
        Rules=_list(_record(Score=_FLOAT, Name=_TEXT, Description=_TEXT)),
    ),
}


def _in_query(name: str, kind: str = "string", required: bool = False) -> _Schema:
    return {"name": name, "in": "query", "type": kind, "required": required}


def _in_path(name: str) -> _Schema:
    return {"name": name, "in": "path", "type": "string", "required": True}


def _body(name: str, required: bool = True) -> _Schema:
    schema = {"schema": _ref(name), "required": required}
    return {"name": "Body", "in": "body", **schema}


_PAGE = [_in_query("start", "integer"), _in_query("limit", "integer")]
_BEFORE, _ZONE = _in_query("before"), _in_query("tz")
_QUERY = _in_query("query", required=True)
_ID, _PART, _TAG = _in_path("ID"), _in_path("PartID"), _in_path("Tag")
_LATEST = [_ID, _in_query("query"), _ZONE]
_MESSAGE_PATH = "/api/v1/message/{ID}"

# The method, the path, what it does, the parameters, the schema of the answer.
_OPERATIONS: tuple[tuple[str, str, str, list[_Schema], _Schema], ...] = (
    ("get", "/api/v1/info", "Get numbers of the server", [], _ref("Info")),
    ("get", "/api/v1/webui", "Get what a page can offer", [], _ref("WebUI")),
    ("get", "/api/v1/chaos", "Get the random refusals", [], _ref("Triggers")),
    (
        "put",
        "/api/v1/chaos",
        "Set the random refusals",
        [_body("Triggers")],
        _ref("Triggers"),
    ),
    (
        "get",
        "/api/v1/messages",
        "List messages",
        [*_PAGE, _BEFORE],
        _ref("Messages"),
    ),
    (
        "put",
        "/api/v1/messages",
        "Mark messages as read or unread",
        [_body("ReadRequest"), _ZONE],
        _TEXT,
    ),
    (
        "delete",
        "/api/v1/messages",
        "Remove messages",
        [_body("IDsRequest", required=False)],
        _TEXT,
    ),
    (
        "get",
        "/api/v1/search",
        "Search messages",
        [_QUERY, *_PAGE, _BEFORE, _ZONE],
        _ref("Messages"),
    ),
    ("delete", "/api/v1/search", "Remove what is found", [_QUERY, _ZONE], _TEXT),
    ("get", "/api/v1/tags", "List the tags", [], _list(_TEXT)),
    ("put", "/api/v1/tags", "Set tags of messages", [_body("TagsRequest")], _TEXT),
    (
        "put",
        "/api/v1/tags/{Tag}",
        "Rename a tag",
        [_TAG, _body("NameRequest")],
        _TEXT,
    ),
    ("delete", "/api/v1/tags/{Tag}", "Remove a tag", [_TAG], _TEXT),
    ("get", _MESSAGE_PATH, "Get a message", _LATEST, _ref("Message")),
    (
        "get",
        f"{_MESSAGE_PATH}/headers",
        "Get the header fields",
        _LATEST,
        _map(_list(_TEXT)),
    ),
    (
        "get",
        f"{_MESSAGE_PATH}/raw",
        "Get the bytes of a message",
        [*_LATEST, _in_query("dl")],
        _TEXT,
    ),
    (
        "get",
        f"{_MESSAGE_PATH}/part/{{PartID}}",
        "Get a part",
        [*_LATEST, _PART],
        _BYTES,
    ),
    (
        "get",
        f"{_MESSAGE_PATH}/part/{{PartID}}/thumb",
        "Get the thumbnail of a part",
        [*_LATEST, _PART],
        _BYTES,
    ),
    (
        "post",
        f"{_MESSAGE_PATH}/release",
        "Send a message to a real server",
        [_ID, _body("ReleaseRequest")],
        _TEXT,
    ),
    (
        "get",
        f"{_MESSAGE_PATH}/html-check",
        "Check which mail programs show the HTML",
        _LATEST,
        _ref("HTMLCheck"),
    ),
    (
        "get",
        f"{_MESSAGE_PATH}/link-check",
        "Check the links",
        [*_LATEST, _in_query("follow")],
        _ref("LinkCheck"),
    ),
    (
        "get",
        f"{_MESSAGE_PATH}/sa-check",
        "Check for spam",
        _LATEST,
        _ref("SpamCheck"),
    ),
    (
        "post",
        "/api/v1/send",
        "Take a message",
        [_body("SendRequest")],
        _ref("SendAnswer"),
    ),
    (
        "get",
        "/view/{ID}.html",
        "Get the HTML of a message",
        [*_LATEST, _in_query("embed")],
        _TEXT,
    ),
    ("get", "/view/{ID}.txt", "Get the text of a message", _LATEST, _TEXT),
)

# The statuses of errors, whose bodies are texts, but for those of "send".
_ERRORS = {
    "400": "The request is wrong",
    "401": "A login is needed",
    "403": "A page of another site may not ask",
    "404": "There is no such message",
    "413": "The body is too large",
    "503": "The store cannot be read now",
}


def document(base: str) -> _Schema:
    """Return the description.

    Args:
        base: the path before all paths of the site, such as ``/``.
    """
    paths: dict[str, _Schema] = {}
    for method, path, summary, parameters, schema in _OPERATIONS:
        paths.setdefault(path, {})[method] = _operation(
            method, path, summary, parameters, schema
        )
    described: _Schema = {
        "swagger": "2.0",
        "info": {
            "title": "lazr.smtptest, for clients of Mailpit",
            "version": __version__,
        },
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "paths": paths,
        "definitions": dict(_DEFINITIONS),
    }
    if base != "/":
        described["basePath"] = base.rstrip("/")
    return described


def _operation(
    method: str, path: str, summary: str, parameters: list[_Schema], schema: _Schema
) -> _Schema:
    words = [word for word in path.replace("{", "").replace("}", "").split("/") if word]
    name = "".join(word.capitalize() for word in words if word not in ("api", "v1"))
    error = _ref("SendError") if path.endswith("/send") else _TEXT
    kinds = {
        id(_BYTES): ["application/octet-stream"],
        id(_TEXT): ["text/plain", "text/html"],
    }
    return {
        "operationId": f"{method}{name.replace('.', '').replace('-', '')}",
        "summary": summary,
        "parameters": parameters,
        "produces": kinds.get(id(schema), ["application/json", "text/plain"]),
        "responses": {
            "200": {"description": "It is done", "schema": schema},
            **{
                code: {"description": text, "schema": error}
                for code, text in _ERRORS.items()
            },
        },
    }
