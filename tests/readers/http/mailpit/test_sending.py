"""Mailpit's ``send``."""

from __future__ import annotations

import base64
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from lazr_smtptest.model.delivery_event import MailEvent
from lazr_smtptest.model.envelope import Envelope
from lazr_smtptest.readers.http.gate import Gate
from lazr_smtptest.server.storing import StoreServer
from lazr_smtptest.smtp.errors import PolicyError
from lazr_smtptest.smtp.limits import Limits
from lazr_smtptest.smtp.settings import Settings

from ..client import Response
from ..conftest import Mail
from .served import Served

FROM = {"Email": "ann@example.com"}
TO = [{"Email": "bob@example.com"}]
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def post(mail: Mail, **fields: Any) -> Response:
    """Send a message from ann to bob, unless fields say otherwise."""
    body = {"From": FROM, "To": TO, **fields}
    return mail.client.request("POST", "/api/v1/send", json=body)


def sent(mail: Mail, **fields: Any) -> Envelope:
    """Send a message, and return it."""
    answer = post(mail, **fields)
    assert answer.status == 200, answer.text
    envelope = mail.store.get(answer.json["ID"])
    assert envelope is not None
    return envelope


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def headers_of(mail: Mail, **fields: Any) -> dict[str, list[str]]:
    envelope = sent(mail, **fields)
    headers: dict[str, list[str]] = mail.client.get(
        f"/api/v1/message/{envelope.id}/headers"
    ).json
    return headers


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"From": "ann"}, "From must be an object, not a string"),
        ({"To": [{"Email": 1}]}, "To[0].Email must be a string, not a whole number"),
        ({"ReplyTo": 5}, "ReplyTo must be a list, not a whole number"),
        ({"HTML": []}, "HTML must be a string, not a list"),
    ],
)
def test_an_error_names_the_field_as_the_client_does(
    mail: Mail, fields: dict[str, Any], words: str
) -> None:
    """In the words of JSON, and without a path that begins with a dollar sign."""
    assert post(mail, **fields).json == {"Error": f"bad body: {words}"}


class TestEnvelope:
    """Sender, recipients, and what sees them."""

    def test_the_answer_is_the_id(self, mail: Mail) -> None:
        answer = post(mail)
        assert list(answer.json) == ["ID"]
        assert mail.store.get(answer.json["ID"]) is not None

    def test_all_recipients_are_in_the_envelope(self, mail: Mail) -> None:
        envelope = sent(
            mail,
            To=[{"Email": "a@example.com"}, {"Email": "b@example.com"}],
            Cc=[{"Email": "c@example.com"}],
            Bcc=["d@example.com", "a@example.com"],
        )
        assert envelope.mail_from == "ann@example.com"
        assert envelope.rcpt_tos == tuple(f"{each}@example.com" for each in "abcd")

    def test_keys_are_compared_without_case(self, mail: Mail) -> None:
        body = {"FROM": {"email": "a@example.com"}, "tO": [{"EMAIL": "b@example.com"}]}
        answer = mail.client.request("POST", "/api/v1/send", json=body)
        assert answer.status == 200

    def test_nulls_are_as_if_they_were_not_there(self, mail: Mail) -> None:
        assert post(mail, Cc=None, Text=None, Attachments=None).status == 200

    def test_the_hooks_of_the_server_see_it(self) -> None:
        class Hooked(StoreServer):
            seen: tuple[str, ...] = ()

            def handle_envelope(self, envelope: Envelope) -> object:
                self.seen = (*self.seen, envelope.subject)
                return super().handle_envelope(envelope)

        served = Served(Hooked)
        sent(served, Subject="hi")
        assert served.server.seen == ("hi",)  # type: ignore[attr-defined]
        served.reader.close()

    def test_a_refusal_of_the_server_is_the_answer(self) -> None:
        class Refusing(StoreServer):
            def handle_envelope(self, envelope: Envelope) -> object:
                raise PolicyError(550, "not today", "5.7.1")

        served = Served(Refusing)
        answer = post(served)
        assert (answer.status, answer.json) == (
            400,
            {"Error": "the message was refused: 550 5.7.1 not today"},
        )
        assert len(served.store) == 0
        served.reader.close()

    def test_an_error_of_a_hook_is_kept_for_the_test(self) -> None:
        class Failing(StoreServer):
            def handle_envelope(self, envelope: Envelope) -> object:
                raise ZeroDivisionError

        served = Served(Failing)
        assert post(served).status == 400
        with pytest.raises(ZeroDivisionError):
            served.server.check()
        served.reader.close()

    def test_the_stream_of_events_has_it(self, served: Served) -> None:
        events: list[MailEvent] = []
        served.server.delivery_events.subscribe(events.append)
        sent(served, Subject="hi")
        (event,) = events
        assert (event.outcome, event.session) == ("accepted", "http")
        assert (event.sender, event.recipients) == (
            "ann@example.com",
            ("bob@example.com",),
        )
        assert event.subject == "hi"

    def test_tags_are_those_of_the_message(self, mail: Mail) -> None:
        sent(mail, Tags=["One", "two words"])
        assert mail.client.get("/api/v1/tags").json == ["One", "two words"]

    def test_the_user_of_the_login_is_its_user(self, make_mail: type[Mail]) -> None:
        mail = make_mail(gate=Gate(users={"ann": "secret"}))
        login = "Basic " + encoded(b"ann:secret")
        answer = mail.client.request(
            "POST",
            "/api/v1/send",
            json={"From": FROM, "To": TO},
            authorization=login,
        )
        envelope = mail.store.get(answer.json["ID"])
        assert envelope is not None
        assert envelope.user == "ann"
        mail.reader.close()

    def test_an_address_beyond_ascii_is_sent_as_smtputf8(self, mail: Mail) -> None:
        envelope = sent(mail, From={"Name": "Jörg", "Email": "jörg@example.com"})
        assert "SMTPUTF8" in envelope.mail_options
        assert envelope.addresses("from") == ("jörg@example.com",)


class TestHeader:
    """The header of a message."""

    def test_it_has_these_fields(self, mail: Mail) -> None:
        headers = headers_of(
            mail,
            Cc=TO,
            Bcc=["c@example.com"],
            ReplyTo=TO,
            HTML="<p>x</p>",
            Headers={"List-Unsubscribe": "<https://example.com/>"},
        )
        assert list(headers) == [
            "Bcc",
            "Cc",
            "Content-Type",
            "Date",
            "From",
            "List-Unsubscribe",
            "Message-Id",
            "Mime-Version",
            "Reply-To",
            "Return-Path",
            "Subject",
            "To",
        ]
        assert all(len(values) == 1 for values in headers.values())

    def test_names_are_part_of_addresses(self, mail: Mail) -> None:
        name = 'A "quoted", name'
        message = sent(mail, To=[{"Name": name, "Email": "b@example.com"}])
        (summary,) = mail.client.get("/api/v1/messages").json["messages"]
        assert summary["To"] == [{"Name": name, "Address": "b@example.com"}]
        assert message.rcpt_tos == ("b@example.com",)

    @pytest.mark.parametrize("subject", ["", "hi", "Grüße", "a" * 300, "ab " * 400])
    def test_the_subject_arrives(self, mail: Mail, subject: str) -> None:
        sent(mail, Subject=subject)
        (summary,) = mail.client.get("/api/v1/messages").json["messages"]
        assert summary["Subject"] == subject.strip()

    @pytest.mark.parametrize(
        "field",
        [
            {"Subject": "a\r\nX-Evil: b"},
            {"From": {"Name": "a\r\nX-Evil: b", "Email": "a@example.com"}},
            {"Headers": {"X-A": "a\nX-Evil: b"}},
            {"Tags": ["a\r\nX-Evil: b"]},
            {
                "Attachments": [
                    {
                        "Content": "",
                        "Filename": "a\r\nX-Evil: b",
                        "ContentType": "a/b\r\nX-Evil: b",
                        "ContentID": "a\r\nX-Evil: b",
                    }
                ]
            },
        ],
    )
    def test_nothing_begins_a_field_of_its_own(
        self, mail: Mail, field: dict[str, Any]
    ) -> None:
        assert b"\nX-Evil" not in sent(mail, **field).content

    def test_a_message_id_of_the_request_stays(self, mail: Mail) -> None:
        envelope = sent(mail, Headers={"Message-ID": "<mine@example.com>"})
        assert envelope.headers("message-id") == ("<mine@example.com>",)


class TestContent:
    """Text, HTML and files."""

    def test_text_alone_is_one_part(self, mail: Mail) -> None:
        message = message_from_bytes(sent(mail, Text="Hello").content, policy=default)
        assert message.get_content_type() == "text/plain"
        assert message.get_payload() == "Hello"

    def test_html_has_an_empty_text(self, mail: Mail) -> None:
        message = message_from_bytes(sent(mail, HTML="<p>").content, policy=default)
        assert [part.get_content_type() for part in message.walk()] == [
            "multipart/alternative",
            "text/plain",
            "text/html",
        ]

    def test_files_are_where_they_belong(self, mail: Mail) -> None:
        files = [
            {"Content": encoded(PNG), "Filename": "a.png", "ContentID": "a"},
            {"Content": encoded(b"%PDF-1"), "Filename": "b.pdf"},
        ]
        envelope = sent(mail, Text="t", HTML="<p>", Attachments=files)
        message = message_from_bytes(envelope.content, policy=default)
        assert [part.get_content_type() for part in message.walk()] == [
            "multipart/mixed",
            "multipart/related",
            "multipart/alternative",
            "text/plain",
            "text/html",
            "image/png",
            "application/pdf",
        ]

    def test_files_arrive_byte_for_byte(self, mail: Mail) -> None:
        content = bytes(range(256)) * 20
        files = [{"Content": encoded(content), "Filename": "ü b.bin"}]
        (attachment,) = sent(mail, Attachments=files).attachments
        assert (attachment.name, attachment.content) == ("ü b.bin", content)

    def test_an_inline_file_has_its_content_id(self, mail: Mail) -> None:
        files = [{"Content": encoded(PNG), "Filename": "a.png", "ContentID": "i@x"}]
        sent(mail, HTML="<img src='cid:i@x'>", Attachments=files)
        (inline,) = mail.client.get("/api/v1/message/latest").json["Inline"]
        assert (inline["ContentID"], inline["FileName"]) == ("i@x", "a.png")

    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            (PNG, "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"GIF89a", "image/gif"),
            (b"RIFF....WEBPVP8 ", "image/webp"),
            (b"%PDF-1.4", "application/pdf"),
            (b"PK\x03\x04", "application/zip"),
            (b"<!DOCTYPE html><p>", "text/html"),
            (b"<?xml version='1.0'?>", "text/xml"),
            (b"Hello", "text/plain"),
            (b"\x00\x01", "application/octet-stream"),
        ],
    )
    def test_the_type_of_a_file_is_found(
        self, mail: Mail, content: bytes, kind: str
    ) -> None:
        files = [{"Content": encoded(content), "Filename": "a"}]
        (attachment,) = sent(mail, Attachments=files).attachments
        assert attachment.content_type == kind

    def test_the_type_of_the_request_is_used(self, mail: Mail) -> None:
        files = [{"Content": "", "Filename": "a", "ContentType": "text/calendar"}]
        (attachment,) = sent(mail, Attachments=files).attachments
        assert attachment.content_type == "text/calendar"

    def test_a_data_url_is_content(self, mail: Mail) -> None:
        files = [
            {"Content": f"data:image/png;base64,{encoded(PNG)}", "Filename": "a.png"}
        ]
        (attachment,) = sent(mail, Attachments=files).attachments
        assert attachment.content == PNG

    @pytest.mark.parametrize(
        "html",
        [
            "<p>a</p>\n<p>b</p>\n",
            "<p>Grüße</p>\n.\n..\n",
            "дюжина\nщи",
            "x" * 2000 + "\ny  \n",
            "a\rb\n",
        ],
    )
    def test_html_comes_back_as_it_was_posted(self, mail: Mail, html: str) -> None:
        sent(mail, HTML=html)
        assert mail.client.get("/view/latest.html").text == html

    @pytest.mark.parametrize("text", ["", "a", "a\n\nb\n", "Grüße \n", "=20\n"])
    def test_text_comes_back_as_it_was_posted(self, mail: Mail, text: str) -> None:
        sent(mail, Text=text, HTML="<p>")
        assert mail.client.get("/view/latest.txt").text == text

    @pytest.mark.parametrize(
        "text",
        [
            "x\u00e9 " * 70_000,
            "a =." * 50_000,
            " " * 131_072,
            f"{'y' * 65_536}\r\n\r\nz",
        ],
    )
    def test_a_very_long_line_comes_back_in_lines_of_76(
        self, mail: Mail, text: str
    ) -> None:
        envelope = sent(mail, Text=text)
        assert max(map(len, envelope.content.split(b"\r\n"))) <= 76
        parsed: Any = message_from_bytes(envelope.content, policy=default)
        decoded = parsed.get_payload(decode=True).decode()
        assert decoded.replace("\r\n", "\n") == text.replace("\r\n", "\n")

    def test_no_line_is_too_long(self, mail: Mail) -> None:
        content = sent(mail, Text="x" * 5000, Subject="y" * 400 + " z").content
        assert max(map(len, content.split(b"\r\n"))) <= 998
        assert b"\n" not in content.replace(b"\r\n", b"")


class TestErrors:
    """An error is answered with 400, and JSON."""

    @pytest.mark.parametrize(
        ("fields", "error"),
        [
            ({"To": [{"Email": "x"}]}, "invalid To address: x"),
            ({"Cc": [{"Email": "x y@z"}]}, "invalid Cc address: x y@z"),
            ({"Bcc": ["<a@b>"]}, "invalid Bcc address: <a@b>"),
            ({"Bcc": ["a@b> SIZE=1"]}, "invalid Bcc address: a@b> SIZE=1"),
            ({"ReplyTo": [{"Email": ""}]}, "invalid Reply-To address: "),
            ({"From": {"Email": "x"}}, "invalid From address: x"),
            ({"From": {}}, "error building message: from not set"),
            ({"To": []}, "error building message: no recipients (to, cc, bcc) set"),
            ({"Headers": {"Subject": "x"}}, 'cannot overwrite header: "Subject"'),
            ({"Headers": {"Date": "x"}}, 'cannot overwrite header: "Date"'),
            ({"Headers": {"X Y": "x"}}, 'invalid header name: "X Y"'),
            (
                {"Tags": ["a"], "Headers": {"X-Tags": "b"}},
                'cannot overwrite header: "X-Tags"',
            ),
        ],
    )
    def test_a_request_that_is_wrong(
        self, mail: Mail, fields: dict[str, Any], error: str
    ) -> None:
        answer = post(mail, **fields)
        assert (answer.status, answer.json) == (400, {"Error": error})
        assert len(mail.store) == 0

    def test_base64_that_is_wrong(self, mail: Mail) -> None:
        answer = post(mail, Attachments=[{"Content": "!", "Filename": "f"}])
        assert answer.status == 400
        assert answer.json["Error"].startswith('error decoding base64 attachment "f": ')

    def test_a_byte_order_mark_is_ignored(self, mail: Mail) -> None:
        answer = mail.client.request("POST", "/api/v1/send", body=b"\xef\xbb\xbf[]")
        assert "expected a JSON object, not an array" in answer.json["Error"]

    @pytest.mark.parametrize(
        ("body", "error"),
        [
            (b"", "JSON is malformed: it is truncated (character 0)"),
            (b"{", "JSON is malformed: it is truncated (character 1)"),
            (b"x", "JSON is malformed at character 0"),
            (b'{"a": 1', "JSON is malformed: it is truncated (character 7)"),
            (b'"\xff"', "it is no UTF-8 (byte 1)"),
            (b"[]", "expected a JSON object, not an array"),
            (b"null", "expected a JSON object, not null"),
            (b"4.5", "expected a JSON object, not a number"),
            (b'{"a": NaN}', "NaN is no JSON"),
            (b"[" * 100_000, "it is nested more than 100 deep"),
            (
                b'{"a": ' + b"[" * 900 + b"]" * 900 + b"}",
                "it is nested more than 100 deep",
            ),
            (
                b'{"From": {"Email": "\\ud800"}, "To": [{"Email": "a@b.example"}]}',
                "it has half of a surrogate pair",
            ),
            (b'{"\\ud800": "\\udfff"}', "it has half of a surrogate pair"),
            (b"x" * 100_000, "JSON is malformed: invalid character (byte 0)"),
        ],
        ids=lambda value: str(value)[:20],
    )
    def test_a_body_that_is_no_object(
        self, mail: Mail, body: bytes, error: str
    ) -> None:
        """The error has no words of a decoder."""
        answer = mail.client.request("POST", "/api/v1/send", body=body)
        assert answer.status == 400
        assert answer.json == {"Error": f"bad body: {error}"}

    def test_a_body_that_is_no_request(self, mail: Mail) -> None:
        answer = mail.client.request("POST", "/api/v1/send", body=b'{"To": 5}')
        assert answer.status == 400
        assert list(answer.json) == ["Error"]


class TestSize:
    """The bound of the body is that of a message by SMTP."""

    def test_a_body_may_be_larger_than_others(self, make_mail: type[Mail]) -> None:
        mail = make_mail(max_body=1000)
        assert sent(mail, Text="x" * 5000).text == "x" * 5000
        mail.reader.close()

    def test_one_that_is_too_large_is_refused_with_json(self) -> None:
        class Small(StoreServer):
            settings = Settings(limits=Limits(message_size=2000))

        served = Served(Small, max_body=1000)
        answer = post(served, Text="x" * 3000)
        assert (answer.status, answer.json) == (
            413,
            {"Error": "the body is larger than 2000 bytes"},
        )
        served.reader.close()
