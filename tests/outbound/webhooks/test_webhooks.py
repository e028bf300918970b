"""Webhooks, in memory and with a clock."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from twisted.web.http_headers import Headers

from lazr_smtptest.cli.errors import OptionError
from lazr_smtptest.cli.options import Options
from lazr_smtptest.cli.webhooks import encode_message, webhooks_of
from lazr_smtptest.model.summary import Summary
from lazr_smtptest.outbound import background
from lazr_smtptest.outbound.http.client import Response
from lazr_smtptest.outbound.webhooks import sender
from lazr_smtptest.outbound.webhooks.positions import Positions
from lazr_smtptest.outbound.webhooks.service import path_beside
from lazr_smtptest.outbound.webhooks.signature import sign
from lazr_smtptest.outbound.webhooks.webhook import Webhook, read_webhook
from lazr_smtptest.query.selection import Selection
from lazr_smtptest.stores.memory import MemoryStore

from .hooks import URL, Hooks, fields_of, subject_of

# Deliveries


def test_a_message_that_is_kept_is_told():
    """By a POST with JSON, and an id that a receiver can remember."""
    hooks = Hooks()
    hooks.keep("a")
    peer = hooks.take()
    assert peer.line == "POST /mail HTTP/1.1"
    assert subject_of(peer) == "a"
    fields = fields_of(peer)
    assert fields["content-type"] == "application/json"
    assert fields["webhook-id"] == hooks.store.page("")[0].id
    assert "webhook-signature" not in fields
    peer.answer("204 No Content")
    assert hooks.is_idle
    [delivery] = hooks.service.deliveries
    assert (delivery.status, delivery.error, delivery.ends) == (204, "", True)


def test_only_its_owner_reads_the_file_of_positions(tmp_path: Path) -> None:
    """It names the webhooks, as the settings do."""
    file = tmp_path / "mail.db.webhooks"
    Positions(file).save(1, {"a": 7})
    assert file.stat().st_mode & 0o777 == 0o600
    assert Positions(file).load(1) == {"a": 7}


def test_earlier_messages_are_not_told():
    """A new webhook begins with the next message."""
    store = MemoryStore()
    first = Hooks(store=store)
    first.stop()
    first.keep("old")
    hooks = Hooks(store=store)
    assert hooks.is_idle
    hooks.keep("new")
    assert subject_of(hooks.take()) == "new"


def test_the_order_is_kept():
    """The next message waits for the answer to the one before."""
    hooks = Hooks()
    for subject in "abc":
        hooks.keep(subject)
    told = []
    for _ in range(3):
        peer = hooks.take()
        assert hooks.is_idle
        told.append(subject_of(peer))
        peer.answer()
    assert told == ["a", "b", "c"]


def test_more_messages_than_a_page_are_told():
    """In the same order."""
    hooks = Hooks()
    for number in range(120):
        hooks.keep(str(number))
    told = []
    while not hooks.is_idle:
        peer = hooks.take()
        told.append(subject_of(peer))
        peer.answer()
    assert told == [str(number) for number in range(120)]


def test_only_messages_that_match_are_told():
    """The query is that of a search."""
    hooks = Hooks(Webhook(url=URL, query="subject:code"))
    hooks.keep("news")
    assert hooks.is_idle
    hooks.keep("code")
    assert subject_of(hooks.take()) == "code"


def test_messages_that_do_not_match_are_done():
    """They are not searched again and again."""
    hooks = Hooks(Webhook(url=URL, query="subject:code"))
    hooks.keep("news")
    [sender] = hooks.service.senders
    assert sender.position == hooks.store.page("")[0].number


def test_each_webhook_is_told_by_itself():
    """One that is away holds up no other."""
    hooks = Hooks(Webhook(url=URL), Webhook(url="http://other.example/"))
    hooks.keep("a")
    first, second = hooks.take(), hooks.take()
    hooks.keep("b")
    assert hooks.is_idle
    second.answer()
    assert subject_of(hooks.take()) == "b"
    first.answer("500 Error")
    assert hooks.is_idle


@pytest.mark.parametrize("status", ["500 E", "503 E", "429 E", "408 E", "302 E"])
def test_a_failure_is_tried_again_with_growing_delays(status):
    """Until it succeeds: 1, 2, 4 seconds and so on, 5 minutes at most."""
    hooks = Hooks()
    hooks.keep("a")
    ids = set()
    for delay in (1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300):
        peer = hooks.take()
        ids.add(fields_of(peer)["webhook-id"])
        peer.answer(status)
        hooks.advance(delay - 0.5)
        assert hooks.is_idle
        hooks.advance(0.5)
    peer = hooks.take()
    assert subject_of(peer) == "a"
    peer.answer()
    assert len(ids) == 1
    assert [each.attempt for each in hooks.service.deliveries] == list(range(1, 13))


def test_no_answer_is_a_failure():
    """The request ends after its time, and is made again."""
    hooks = Hooks(Webhook(url=URL, timeout=3))
    hooks.keep("a")
    hooks.take()
    hooks.advance(3)
    assert hooks.service.deliveries[-1].error == "no answer within 3 s"
    hooks.advance(1)
    assert subject_of(hooks.take()) == "a"


def test_a_receiver_can_ask_for_a_delay():
    """Retry-After in seconds is longer than our own delay."""
    hooks = Hooks()
    hooks.keep("a")
    hooks.take().answer("503 Busy", Retry_After="60")
    hooks.advance(59)
    assert hooks.is_idle
    hooks.advance(1)
    assert not hooks.is_idle


@pytest.mark.parametrize(
    ("text", "delay"),
    [
        ("60", 60),
        ("0060", 60),
        ("9" * 30, 3600),
        ("9" * 5000, 3600),
        ("Thu, 01 Jan 1970 00:16:40 GMT", 40),
        ("Thursday, 01-Jan-70 00:16:40 GMT", 40),
        ("Thu Jan  1 00:16:40 1970", 40),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 3600),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("-5", 0),
        ("1e3", 0),
        ("6０", 0),  # noqa: RUF001
        ("soon", 0),
        ("", 0),
        ("Thu, 99 Jan 1970 99:99:99 GMT", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, delay: float) -> None:
    """RFC 9110 section 10.2.3; an hour at most."""
    response = Response(status=503, headers=Headers({"Retry-After": [text]}))
    assert sender._asked_delay(response, 960.0) == delay


def test_a_message_that_is_refused_is_left_after_five_attempts():
    """The request is wrong for this receiver: the next messages go on."""
    hooks = Hooks()
    hooks.keep("a")
    hooks.keep("b")
    for delay in (1, 2, 4, 8, 0):
        peer = hooks.take()
        assert subject_of(peer) == "a"
        peer.answer("400 Bad")
        hooks.advance(delay)
    assert hooks.service.deliveries[-1].ends
    assert hooks.service.deliveries[-1].error == "the status is 400"
    assert subject_of(hooks.take()) == "b"


def test_the_next_attempt_is_known():
    """With its time, until there is none."""
    hooks = Hooks()
    hooks.keep("a")
    hooks.take().answer("500 E")
    [delivery], [sender] = hooks.service.deliveries, hooks.service.senders
    assert delivery.next_try == delivery.time + 1
    assert sender.failed is delivery
    hooks.advance(1)
    hooks.take().answer()
    assert hooks.service.deliveries[-1].next_try is None
    assert sender.failed is None


def ids(hooks):
    """Return the ids of the messages, oldest first."""
    return [each.id for each in hooks.store.page("", oldest_first=True)]


def test_a_message_is_delivered_once_more():
    """Also one that does not match, and the position stays."""
    hooks = Hooks(Webhook(url=URL, query="subject:code"))
    hooks.keep("news")
    [sender] = hooks.service.senders
    before = sender.position
    sender.repeat(ids(hooks)[0])
    peer = hooks.take()
    assert subject_of(peer) == "news"
    peer.answer()
    assert hooks.is_idle
    assert sender.position == before


def test_it_comes_before_the_messages_that_wait():
    """After the present one."""
    hooks = Hooks()
    for subject in "abc":
        hooks.keep(subject)
    [sender] = hooks.service.senders
    first = hooks.take()
    first.answer()
    second = hooks.take()
    sender.repeat(ids(hooks)[0])
    sender.repeat(ids(hooks)[0])
    told = []
    second.answer()
    while not hooks.is_idle:
        peer = hooks.take()
        told.append(subject_of(peer))
        peer.answer()
    assert told == ["a", "c"]


def test_one_that_is_tried_again_anyway_is_tried_at_once():
    """Once."""
    hooks = Hooks()
    hooks.keep("a")
    hooks.take().answer("500 E")
    assert hooks.is_idle
    hooks.service.senders[0].repeat(ids(hooks)[0])
    hooks.advance(0)
    hooks.take().answer()
    hooks.advance(600)
    assert hooks.is_idle


def test_one_that_was_deleted_is_not_repeated():
    """The next one follows."""
    hooks = Hooks()
    hooks.keep("a")
    hooks.keep("b")
    [sender] = hooks.service.senders
    first = hooks.take()
    id = ids(hooks)[0]
    sender.repeat(id)
    hooks.store.remove(Selection(ids=[id]))
    first.answer()
    peer = hooks.take()
    assert subject_of(peer) == "b"
    peer.answer()
    assert hooks.is_idle


def test_only_so_many_are_repeated():
    """The rest has to wait."""
    hooks = Hooks()
    hooks.keep("a")
    [sender] = hooks.service.senders
    assert all(sender.repeat(str(number)) for number in range(1000))
    assert not sender.repeat("one more")


def test_a_service_that_stops_makes_no_further_attempt():
    """Nothing is left of the delay."""
    hooks = Hooks()
    hooks.keep("a")
    hooks.take().answer("500 E")
    hooks.stop()
    assert not hooks.network.reactor.getDelayedCalls()


def test_only_the_host_of_the_webhook_is_connected_to():
    """A redirect is not followed."""
    hooks = Hooks()
    hooks.keep("a")
    hooks.take().answer("302 Found", Location="http://127.0.0.1/")
    assert hooks.is_idle


def test_a_webhook_may_be_on_this_machine():
    """Its host is named, so its address does not matter."""
    hooks = Hooks(Webhook(url="http://localhost:8000/"))
    hooks.network.addresses["localhost"] = ["127.0.0.1"]
    hooks.keep("a")
    peer = hooks.take()
    assert (peer.host, peer.port) == ("127.0.0.1", 8000)


def test_a_store_that_fails_is_asked_again(monkeypatch):
    """The webhook waits for it."""
    hooks = Hooks()
    page = hooks.store.page

    def fail(*arguments: Any, **options: Any) -> Any:
        raise OSError("away")

    monkeypatch.setattr(hooks.store, "page", fail)
    hooks.keep("a")
    assert hooks.is_idle
    monkeypatch.setattr(hooks.store, "page", page)
    hooks.advance(1)
    assert subject_of(hooks.take()) == "a"


# The signature


def test_a_request_is_signed_with_the_secret():
    """HMAC-SHA256 over id, time and body, as receivers' libraries check it."""
    hooks = Hooks(Webhook(url=URL, secret="key", headers={"Authorization": "Bearer x"}))
    hooks.advance(1234.5)
    hooks.keep("a")
    peer = hooks.take()
    fields = fields_of(peer)
    assert fields["webhook-timestamp"] == "1234"
    assert fields["authorization"] == "Bearer x"
    signed = f"{fields['webhook-id']}.1234.smtptest a".encode()
    digest = hmac.new(b"key", signed, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(digest).decode()
    assert fields["webhook-signature"] == expected


def test_the_time_of_a_signature_is_the_wall_clock(monkeypatch):
    """A reactor may count from the start of the machine; receivers refuse that."""
    monkeypatch.setattr(background, "wall_clock", lambda reactor: lambda: 1795813634.5)
    hooks = Hooks(Webhook(url=URL, secret="key"))
    hooks.keep("a")
    assert fields_of(hooks.take())["webhook-timestamp"] == "1795813634"


def test_the_signature_is_that_of_the_convention():
    """The example that its authors publish for libraries."""
    webhook = Webhook(url=URL, secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signature = sign(
        webhook.key(),
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


# A restart


def test_a_restart_goes_on(tmp_path):
    """Messages that were not delivered are, and no others."""
    path, store = tmp_path / "mail.db", MemoryStore()
    hooks = Hooks(store=store, path=path)
    hooks.keep("a")
    hooks.keep("b")
    hooks.take().answer()
    hooks.take()
    hooks.stop()
    hooks.keep("c")
    again = Hooks(store=store, path=path)
    told = []
    while not again.is_idle:
        peer = again.take()
        told.append(subject_of(peer))
        peer.answer()
    assert told == ["b", "c"]


def test_the_end_closes_a_request():
    """It is made again after the next start."""
    hooks = Hooks()
    hooks.keep("a")
    peer = hooks.take()
    hooks.stop()
    assert peer.is_closed
    assert not hooks.network.reactor.getDelayedCalls()


def test_the_end_ends_a_delay():
    """No attempt is made after it."""
    hooks = Hooks()
    hooks.keep("a")
    hooks.take().answer("500 Error")
    hooks.stop()
    assert not hooks.network.reactor.getDelayedCalls()


def test_another_query_is_another_webhook(tmp_path):
    """It begins with the next message."""
    path, store = tmp_path / "mail.db", MemoryStore()
    hooks = Hooks(store=store, path=path)
    hooks.keep("a")
    hooks.stop()
    other = Hooks(Webhook(url=URL, query="subject:a"), store=store, path=path)
    assert other.is_idle


def test_removed_messages_are_not_told():
    """They are gone before the receiver was there."""
    hooks = Hooks()
    hooks.keep("a")
    hooks.take().answer("500 Error")
    hooks.keep("b")
    hooks.store.remove(Selection(query="subject:b"))
    hooks.advance(1)
    hooks.take().answer()
    assert hooks.is_idle


def test_a_message_that_is_removed_between_attempts_is_not_told_again():
    """The next one follows."""
    hooks = Hooks()
    hooks.keep("a")
    hooks.take().answer("500 Error")
    hooks.store.remove(Selection(query="subject:a"))
    hooks.keep("b")
    hooks.advance(1)
    assert subject_of(hooks.take()) == "b"


def test_nothing_is_tried_again_after_the_message_is_removed():
    """A list of the webhooks shows that it waits for none."""
    hooks = Hooks()
    hooks.keep("a")
    hooks.take().answer("500 Error")
    hooks.store.remove(Selection(query="subject:a"))
    hooks.advance(1)
    assert hooks.is_idle
    assert hooks.service.senders[0].failed is None


def test_messages_that_are_removed_while_an_earlier_one_waits_are_not_told():
    """They were found together with it."""
    hooks = Hooks()
    hooks.keep("first")
    first = hooks.take()
    hooks.keep("a")
    hooks.keep("b")
    first.answer()
    second = hooks.take()
    hooks.store.remove(Selection(query="subject:b"))
    second.answer()
    assert hooks.is_idle


def test_positions_are_void_in_another_store(tmp_path):
    """Its numbers are counted anew: all its messages are new."""
    positions = Positions(tmp_path / "positions")
    positions.save(1, {"a": 7})
    assert positions.load(1) == {"a": 7}
    assert positions.load(2) == {"a": 0}


@pytest.mark.parametrize("content", [b"", b"x", b"[]", b'{"done": 1}', b'{"done": {}}'])
def test_a_broken_file_of_positions_is_left_alone(tmp_path, content):
    """The webhooks begin anew, and the log says so."""
    (tmp_path / "positions").write_bytes(content)
    assert Positions(tmp_path / "positions").load(1) == {}


def test_a_file_that_cannot_be_written_stops_nothing(tmp_path):
    """The log says so; nothing is left behind."""
    Positions(tmp_path / "absent" / "positions").save(1, {})
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_beside_the_store(tmp_path):
    """A store in memory has none."""
    store = MemoryStore()
    assert path_beside(store) is None
    store.path = tmp_path / "mail.db"  # type: ignore[attr-defined]
    assert path_beside(store) == tmp_path / "mail.db.webhooks"


# Options


def options(*words: str) -> Options:
    parsed = Options()
    parsed.parseOptions(words)
    return parsed


def test_the_options_apply_to_all_urls():
    """Of the command line and of the environment."""
    parsed = options(
        f"--webhook={URL}",
        "--webhook=http://other.example/",
        "--webhook-query=subject:code",
        "--webhook-secret=key",
        "--webhook-format=mailpit",
    )
    assert webhooks_of(parsed) == [
        Webhook(url=url, query="subject:code", secret="key", format="mailpit")
        for url in (URL, "http://other.example/")
    ]


def test_a_file_has_tables(tmp_path):
    """Each with its own settings; the options are the defaults."""
    file = tmp_path / "smtptest.toml"
    file.write_text(
        f'webhook-secret = "key"\n[[webhook]]\nurl = "{URL}"\nquery = "subject:a"\n'
        'headers = {Authorization = "Bearer x"}\ntimeout = 2.5\n'
        '[[webhook]]\nurl = "http://other.example/"\nsecret = "other"\n'
    )
    assert webhooks_of(options(f"--config={file}")) == [
        Webhook(
            url=URL,
            query="subject:a",
            secret="key",
            headers={"Authorization": "Bearer x"},
            timeout=2.5,
        ),
        Webhook(url="http://other.example/", secret="other"),
    ]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--webhook=ftp://x"], "is no URL of http or https"),
        (
            ["--webhook=http://u:p@x/secret?t=1"],
            "'http://********@x/...' has a user name",
        ),
        ([f"--webhook={URL}", f"--webhook={URL}"], "hooks.example:80 is there twice"),
        ([f"--webhook={URL}", "--webhook-query=("], "bad query"),
        ([f"--webhook={URL}", "--webhook-format=xml"], "smtptest or mailpit"),
        ([f"--webhook={URL}", "--webhook-secret=whsec_!"], "secret: "),
        ([f"--webhook={URL}", "--workers=2"], "needs a store on a disk"),
        (["--webhook-query=a"], "needs --webhook"),
    ],
)
def test_a_wrong_option_is_refused(words, error):
    """Before anything starts, in one line."""
    with pytest.raises(OptionError) as raised:
        options(*words)
    assert error in str(raised.value)


@pytest.mark.parametrize(
    ("table", "error"),
    [
        ({}, "url is missing"),
        ({"url": URL, "querry": ""}, "querry: no such key"),
        ({"url": 1}, "url is a text"),
        ({"url": URL, "timeout": True}, "timeout is a number"),
        ({"url": URL, "timeout": 0}, "timeout is up to 300"),
        ({"url": URL, "headers": {"a": 1}}, "headers is a table of texts"),
        ({"url": URL, "headers": {"Host": "x"}}, "'Host' cannot be set"),
        ({"url": URL, "headers": {"A": "b\r\nC: d"}}, "one line"),
    ],
)
def test_a_wrong_table_is_refused(table, error):
    """The error names the key."""
    with pytest.raises(ValueError, match=error):
        read_webhook(table, {})


def test_secrets_are_not_shown():
    """Neither in logs nor in tracebacks."""
    webhook = Webhook(url=URL, secret="hidden", headers={"A": "hidden"})
    assert "hidden" not in repr(webhook)


def test_the_file_of_positions_has_no_secrets(tmp_path):
    """URLs of some receivers are secret."""
    hooks = Hooks(Webhook(url=f"{URL}/hidden?token=hidden"), path=tmp_path / "mail.db")
    hooks.stop()
    content = (tmp_path / "mail.db.webhooks").read_text()
    assert "hooks.example:80" in content
    assert "hidden" not in content


# Bodies

SUMMARY = Summary(
    id="i", received_at=None, mail_from="a@x", rcpt_tos=("b@x",), subject="", size=1
)


def test_our_body_has_a_type_a_time_and_the_summary():
    """Field by field as in the API."""
    body = json.loads(encode_message("smtptest", SUMMARY))
    assert (body["type"], body["timestamp"]) == ("message.kept", None)
    assert body["data"]["rcpt_tos"] == ["b@x"]


def test_the_body_of_mailpit_is_its_summary():
    """Key by key as its clients know it."""
    body = json.loads(encode_message("mailpit", SUMMARY))
    assert list(body)[:4] == ["ID", "MessageID", "Read", "From"]
