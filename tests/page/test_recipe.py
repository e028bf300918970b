"""«Make this a test»: the code that it gives runs."""

from __future__ import annotations

import ast
import base64
import json
import os
import smtplib
import subprocess
import sys
from email.message import EmailMessage
from urllib.request import urlopen

import pytest

from .browser import missing

HERE = "# Here your program sends the mail"

RESET = EmailMessage()
RESET["From"] = "Shop <shop@example.com>"
RESET["To"] = "Anna <anna@example.com>"
RESET["Subject"] = 'Grüße: "reset" your \\password\\ 😀'
RESET.set_content("Your code is 481516.\nhttps://shop.example/reset?token=8a7f\n")

# A subject that ends a literal, a template, a line or a comment of some language.
HOSTILE = [
    '"); import os; os._exit(1); ("',
    "'''\"\"\" ${process.exit(1)} `",
    "\\",
    "a\u202eb\ufeffc",
    "*/ // # <!-- </script>",
    "{{7*7}} %s {0}",
]


def get(site, path):
    with urlopen(site.url + "api/v2/" + path) as answer:
        return json.load(answer)


def sending(site, content, recipient="full@example.com"):
    """Return a statement for Node.js that sends a mail by a program of its own."""
    script = (
        "import smtplib\n"
        f"c = smtplib.SMTP({site.controller.host!r}, {site.controller.port})\n"
        f"try: c.sendmail('a@b.example', [{recipient!r}], {content!r})\n"
        "except smtplib.SMTPException: pass\n"
        "c.quit()\n"
    )
    return f"execFileSync({json.dumps(sys.executable)}, ['-c', {json.dumps(script)}]); "


def refuse(site, sender="shop@example.com", recipient="full@example.com"):
    """Send a mail that is refused."""
    with (
        pytest.raises(smtplib.SMTPException),
        smtplib.SMTP(site.controller.host, site.controller.port) as client,
    ):
        client.sendmail(sender, [recipient], "Subject: Hi\n\nHello.\n")


def run_python(code, server, send):
    """Run the test of a recipe, with `send` in the place of the comment."""
    before, mark, after = code.partition(HERE)
    assert mark
    code = before + "send()  " + mark + after
    scope = {"send": send}
    exec(compile(code, "recipe.py", "exec"), scope)
    [name] = [each for each in scope if each.startswith("test_")]
    scope[name](server)


def run_node(code, site, tmp_path, send="", node="node"):
    """Run the test of a recipe by Node.js, with a command in place of the comment."""
    before, mark, after = code.partition(HERE.replace("#", "//"))
    assert mark
    file = tmp_path / "recipe.test.mjs"
    file.write_text(
        'import { execFileSync } from "node:child_process";\n'
        + before
        + send
        + mark
        + after
    )
    environment = {**os.environ, "SMTPTEST_URL": site.url}
    try:
        done = subprocess.run(
            [node, "--test", os.fspath(file)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    except FileNotFoundError:
        missing("node, of Debian's package nodejs, is not here")
    return done


def test_the_pytest_of_a_message_passes(module, site):
    """It waits for the mail, and asserts recipient, subject, code and link."""
    site.send(RESET)
    code = module("recipe.js").call("pytestOfMessage", get(site, "messages/latest"))
    for fact in ("anna@example.com", "481516", "https://shop.example/reset"):
        assert fact in code
    site.controller.clear()
    run_python(code, site.controller, lambda: site.send(RESET))


def test_the_pytest_of_a_message_fails_without_it(module, site):
    """It is not a test that always passes."""
    site.send(RESET)
    code = module("recipe.js").call("pytestOfMessage", get(site, "messages/latest"))
    site.controller.clear()
    code = code.replace("timeout=10", "timeout=0.01")
    with pytest.raises(AssertionError):
        run_python(code, site.controller, site.send)


FILES = EmailMessage()
FILES["Subject"] = "Invoice"
FILES.set_content("It is attached.")
FILES.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")


def test_the_node_test_of_a_message_passes(module, site, tmp_path):
    """The same with Node.js, which reads the mail over HTTP."""
    site.send(FILES, sender="a@b.example", recipients=["full@example.com"])
    code = module("recipe.js").call(
        "nodeOfMessage", get(site, "messages/latest"), site.url
    )
    done = run_node(code, site, tmp_path, sending(site, FILES.as_string()))
    assert done.returncode == 0, done.stdout


def test_the_node_test_of_a_message_fails_without_a_new_one(module, site, tmp_path):
    """The message that it was made of does not count; it says why it failed."""
    site.send(RESET)
    message = get(site, "messages/latest")
    code = module("recipe.js").call("nodeOfMessage", message, site.url)
    done = run_node(code.replace("timeout: 10", "timeout: 0"), site, tmp_path)
    assert done.returncode != 0
    assert "message" in done.stdout


@pytest.mark.parametrize("function", ["pytestOfMessage", "nodeOfMessage"])
def test_the_names_of_attachments_are_asserted(module, site, function):
    """An attachment that is missing fails the test."""
    site.send(FILES)
    message = get(site, "messages/latest")
    code = module("recipe.js").call(function, message, site.url)
    [line] = [each for each in code.split("\n") if '"a.pdf"' in each]
    assert "assert" in line
    assert "mail.attachments" in line


def test_the_pytest_fails_without_an_attachment(module, site):
    """The name of the file is a fact of the mail."""
    site.send(FILES, recipients=["full@example.com"])
    code = module("recipe.js").call("pytestOfMessage", get(site, "messages/latest"))
    site.controller.clear()
    bare = EmailMessage()
    bare["Subject"] = "Invoice"
    bare.set_content("It is not attached.")
    with pytest.raises(AssertionError):
        run_python(
            code,
            site.controller,
            lambda: site.send(bare, recipients=["full@example.com"]),
        )


@pytest.mark.parametrize("subject", HOSTILE)
def test_a_hostile_subject_is_no_code(module, site, subject):
    """It is a literal of both languages, and nothing of it is run."""
    mail = EmailMessage()
    mail["To"] = "x*@example.com"
    mail["Subject"] = subject
    mail.set_content("Hi.")
    site.send(mail, recipients=["x*@example.com"])
    message = get(site, "messages/latest")
    code = module("recipe.js").call("pytestOfMessage", message)
    texts = {
        each.value
        for each in ast.walk(ast.parse(code))
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }
    assert message["summary"]["subject"] in texts
    run_python(code, site.controller, lambda: None)
    node = module("recipe.js").call("nodeOfMessage", message, site.url)
    wanted = module("recipe.js").run(
        "(() => { let found; const body = args[0].split('const criteria = ')[1]"
        ".split(';\\n  const found')[0]; found = (0, eval)(`(${body})`);"
        " return found.subject; })()",
        node,
    )
    assert wanted == message["summary"]["subject"]


def test_a_message_without_a_subject_is_asserted_on(module, site):
    """Neither code nor link nor subject: the recipient is left."""
    site.send("To: a@b.example\n\nHi.\n")
    code = module("recipe.js").call("pytestOfMessage", get(site, "messages/latest"))
    run_python(code, site.controller, lambda: None)


REFUSALS = {
    "RCPT": ("RCPT", (452, "4.2.2 Mailbox full")),
    "MAIL": ("MAIL", (451, "4.7.1 Greylisted, come back later")),
    "DATA": ("DATA", (554, "5.7.1 Not today")),
    "EOD": ("EOD", (552, "5.3.4 Too large")),
    "CONNECT": ("CONNECT", (421, "4.3.2 Maintenance")),
}


@pytest.fixture(params=REFUSALS, ids=list(REFUSALS))
def refused(request, site):
    """A session that a rule has refused, and the rule; the rule is gone."""
    phase, reply = REFUSALS[request.param]
    site.controller.faults.on(phase).reply(*reply)
    refuse(site)
    site.controller.faults.clear()
    site.controller._settle()
    [session] = get(site, "sessions?limit=1")["sessions"]
    return phase, reply, get(site, f"sessions/{session['id']}")


def test_the_fault_of_a_refused_session_is_found(module, refused):
    """Its phase, its recipient and its reply are those of the rule."""
    phase, reply, whole = refused
    fault = module("recipe.js").call("faultOf", whole)
    assert (fault["phase"], fault["code"], fault["text"]) == (phase, *reply)
    assert fault["recipient"] == ("full@example.com" if phase == "RCPT" else "")


def test_the_pytest_of_a_refused_session_passes(module, site, refused):
    """Its rule refuses the mail again, and what the client did is asserted."""
    code = module("recipe.js").call("pytestOfSession", refused[2])

    def send():
        refuse(site)

    run_python(code, site.controller, send)


def test_the_pytest_of_a_refused_session_fails_if_the_rule_does_not_fire(
    module, site, refused
):
    """A program that sends no mail does not pass it."""
    code = module("recipe.js").call("pytestOfSession", refused[2])
    with pytest.raises(AssertionError, match="did not fire"):
        run_python(code, site.controller, lambda: None)


def test_the_node_test_of_a_refused_session_passes(module, site, tmp_path):
    """The same with Node.js, over HTTP; the client is a program of its own."""
    site.controller.faults.on("RCPT").reply(452, "4.2.2 Mailbox full")
    refuse(site)
    site.controller.faults.clear()
    site.controller._settle()
    [session] = get(site, "sessions?limit=1")["sessions"]
    whole = get(site, f"sessions/{session['id']}")
    code = module("recipe.js").call("nodeOfSession", whole, site.url)
    site.send(RESET)
    send = sending(site, "Subject: x")
    done = run_node(code, site, tmp_path, send)
    assert done.returncode == 0, done.stdout


def test_the_rule_of_a_node_test_is_gone_afterwards(module, site, tmp_path):
    """Also if the test fails, as nothing was sent; other rules stay."""
    other = site.controller.faults.on("RCPT")
    other.reply(452)
    refuse(site)
    site.controller._settle()
    [session] = get(site, "sessions?limit=1")["sessions"]
    whole = get(site, f"sessions/{session['id']}")
    code = module("recipe.js").call("nodeOfSession", whole, site.url)
    done = run_node(code, site, tmp_path)
    assert done.returncode != 0
    assert "has not fired" in done.stdout
    assert site.controller.faults.rules == (other,)


def test_the_address_of_a_node_test_may_have_a_path_and_a_login(module, site, tmp_path):
    """A path needs no slash at its end, and fetch takes no login in a URL."""
    site.send(RESET)
    code = module("recipe.js").call(
        "nodeOfMessage", get(site, "messages/latest"), "http://x/"
    )
    code = code.partition('import { test } from "node:test";')[2].partition("test(")[0]
    file = tmp_path / "address.mjs"
    file.write_text(
        "globalThis.fetch = async (url, { headers }) => {"
        "  console.log(String(url), headers.Authorization);"
        '  return new Response("{}"); };\n' + code + 'await ask("status");\n'
    )
    environment = {**os.environ, "SMTPTEST_URL": "http://ann:p%40ss@x.example/mail"}
    try:
        done = subprocess.run(
            ["node", os.fspath(file)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    except FileNotFoundError:
        missing("node, of Debian's package nodejs, is not here")
    login = base64.b64encode(b"ann:p@ss").decode()
    assert done.stdout.split() == [
        "http://x.example/mail/api/v2/status",
        "Basic",
        login,
    ], done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "MAIL FROM:<a@b.example> SIZE=999999999999",
        "MAIL FROM:<a",
        "RCPT TO:<x@>",
        "AUTH PLAIN AGEAYg==",
        "NONSENSE",
    ],
)
def test_what_the_server_refuses_by_itself_gives_no_rule(module, site, command):
    """It does so before it asks the rules: none would fire."""
    with smtplib.SMTP(site.controller.host, site.controller.port) as client:
        client.ehlo()
        if command.startswith("RCPT"):
            client.mail("a@b.example")
        assert client.docmd(command)[0] >= 500
    site.controller._settle()
    [session] = get(site, "sessions?limit=1")["sessions"]
    whole = get(site, f"sessions/{session['id']}")
    assert module("recipe.js").call("faultOf", whole) is None


def test_a_session_without_a_refusal_gives_no_rule(module, site):
    """There is nothing to bring about again."""
    site.send()
    site.controller._settle()
    [session] = get(site, "sessions?limit=1")["sessions"]
    whole = get(site, f"sessions/{session['id']}")
    assert module("recipe.js").call("faultOf", whole) is None
    assert module("recipe.js").call("pytestOfSession", whole) == ""


def lines(text):
    """Return a transcript; ``C:`` and ``S:`` are who said a line."""
    who = {"C": "client", "S": "server"}
    return [
        {"who": who[line[0]], "text": line[2:].strip()} for line in text.split("\n")
    ]


@pytest.mark.parametrize(
    ("transcript", "phase"),
    [
        ("S:220 x\nC:MAIL FROM:<a>\nC:RCPT TO:<b>\nS:250 ok\nS:550 no", "RCPT"),
        (
            "S:220 x\nC:EHLO a\nS:250-a\nS:250 b\nC:BDAT 8 LAST\nC:MAIL\nS:552 no",
            "BDAT",
        ),
        ("S:220 x\nC:AUTH PLAIN xx\nS:535 5.7.8 no", "LOGIN"),
        ("S:220 x\nC:AUTH LOGIN\nS:334 x\nC:**\nS:334 y\nC:**\nS:535 no", "LOGIN"),
        ("S:220 x\nC:DATA\nS:354 go\nC:550 no\nC:RCPT TO:<x>\nC:.\nS:451 later", "EOD"),
    ],
)
def test_a_reply_belongs_to_its_command(module, transcript, phase):
    """Also with pipelining, in a login, and after a message that has commands."""
    whole = {"session": {"delivered": 0}, "transcript": lines(transcript)}
    assert module("recipe.js").call("faultOf", whole)["phase"] == phase
