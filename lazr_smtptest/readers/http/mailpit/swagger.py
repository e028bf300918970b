"""The description of Mailpit's API, as Swagger 2.0, which its clients are made from."""

from __future__ import annotations

from lazr_smtptest.readers.http.mailpit.schemas import (
    BYTES,
    DEFINITIONS,
    TEXT,
    Schema,
    list_of,
    map_of,
    reference,
)
from lazr_smtptest.version import __version__

__all__ = ["document"]


def _in_query(name: str, kind: str = "string", required: bool = False) -> Schema:
    return {"name": name, "in": "query", "type": kind, "required": required}


def _in_path(name: str) -> Schema:
    return {"name": name, "in": "path", "type": "string", "required": True}


def _body(name: str, required: bool = True) -> Schema:
    schema = {"schema": reference(name), "required": required}
    return {"name": "Body", "in": "body", **schema}


_PAGE = [_in_query("start", "integer"), _in_query("limit", "integer")]
_BEFORE, _ZONE = _in_query("before"), _in_query("tz")
_QUERY = _in_query("query", required=True)
_ID, _PART, _TAG = _in_path("ID"), _in_path("PartID"), _in_path("Tag")
_LATEST = [_ID, _in_query("query"), _ZONE]
_MESSAGE_PATH = "/api/v1/message/{ID}"

# The method, the path, what it does, the parameters, the schema of the answer.
_OPERATIONS: tuple[tuple[str, str, str, list[Schema], Schema], ...] = (
    ("get", "/api/v1/info", "Get numbers of the server", [], reference("Info")),
    ("get", "/api/v1/webui", "Get what a page can offer", [], reference("WebUI")),
    ("get", "/api/v1/chaos", "Get the random refusals", [], reference("Triggers")),
    (
        "put",
        "/api/v1/chaos",
        "Set the random refusals",
        [_body("Triggers")],
        reference("Triggers"),
    ),
    (
        "get",
        "/api/v1/messages",
        "List messages",
        [*_PAGE, _BEFORE],
        reference("Messages"),
    ),
    (
        "put",
        "/api/v1/messages",
        "Mark messages as read or unread",
        [_body("ReadRequest"), _ZONE],
        TEXT,
    ),
    (
        "delete",
        "/api/v1/messages",
        "Remove messages",
        [_body("IDsRequest", required=False)],
        TEXT,
    ),
    (
        "get",
        "/api/v1/search",
        "Search messages",
        [_QUERY, *_PAGE, _BEFORE, _ZONE],
        reference("Messages"),
    ),
    ("delete", "/api/v1/search", "Remove what is found", [_QUERY, _ZONE], TEXT),
    ("get", "/api/v1/tags", "List the tags", [], list_of(TEXT)),
    ("put", "/api/v1/tags", "Set tags of messages", [_body("TagsRequest")], TEXT),
    (
        "put",
        "/api/v1/tags/{Tag}",
        "Rename a tag",
        [_TAG, _body("NameRequest")],
        TEXT,
    ),
    ("delete", "/api/v1/tags/{Tag}", "Remove a tag", [_TAG], TEXT),
    ("get", _MESSAGE_PATH, "Get a message", _LATEST, reference("Message")),
    (
        "get",
        f"{_MESSAGE_PATH}/headers",
        "Get the header fields",
        _LATEST,
        map_of(list_of(TEXT)),
    ),
    (
        "get",
        f"{_MESSAGE_PATH}/raw",
        "Get the bytes of a message",
        [*_LATEST, _in_query("dl")],
        TEXT,
    ),
    (
        "get",
        f"{_MESSAGE_PATH}/part/{{PartID}}",
        "Get a part",
        [*_LATEST, _PART],
        BYTES,
    ),
    (
        "get",
        f"{_MESSAGE_PATH}/part/{{PartID}}/thumb",
        "Get the thumbnail of a part",
        [*_LATEST, _PART],
        BYTES,
    ),
    (
        "post",
        f"{_MESSAGE_PATH}/release",
        "Send a message to a real server",
        [_ID, _body("ReleaseRequest")],
        TEXT,
    ),
    (
        "get",
        f"{_MESSAGE_PATH}/html-check",
        "Check which mail programs show the HTML",
        _LATEST,
        reference("HTMLCheck"),
    ),
    (
        "get",
        f"{_MESSAGE_PATH}/link-check",
        "Check the links",
        [*_LATEST, _in_query("follow")],
        reference("LinkCheck"),
    ),
    (
        "get",
        f"{_MESSAGE_PATH}/sa-check",
        "Check for spam",
        _LATEST,
        reference("SpamCheck"),
    ),
    (
        "post",
        "/api/v1/send",
        "Take a message",
        [_body("SendRequest")],
        reference("SendAnswer"),
    ),
    (
        "get",
        "/view/{ID}.html",
        "Get the HTML of a message",
        [*_LATEST, _in_query("embed")],
        TEXT,
    ),
    ("get", "/view/{ID}.txt", "Get the text of a message", _LATEST, TEXT),
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


def document(base: str) -> Schema:
    """Return the description.

    Args:
        base: the path before all paths of the site, such as ``/``.
    """
    paths: dict[str, Schema] = {}
    for method, path, summary, parameters, schema in _OPERATIONS:
        paths.setdefault(path, {})[method] = _operation(
            method, path, summary, parameters, schema
        )
    described: Schema = {
        "swagger": "2.0",
        "info": {
            "title": "lazr.smtptest, for clients of Mailpit",
            "version": __version__,
        },
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "paths": paths,
        "definitions": dict(DEFINITIONS),
    }
    if base != "/":
        described["basePath"] = base.rstrip("/")
    return described


def _operation(
    method: str, path: str, summary: str, parameters: list[Schema], schema: Schema
) -> Schema:
    words = [word for word in path.replace("{", "").replace("}", "").split("/") if word]
    name = "".join(word.capitalize() for word in words if word not in ("api", "v1"))
    error = reference("SendError") if path.endswith("/send") else TEXT
    kinds = {
        id(BYTES): ["application/octet-stream"],
        id(TEXT): ["text/plain", "text/html"],
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
