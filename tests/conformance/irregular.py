"""What is irregular: noted in the standard profile, refused in the strict one."""

from __future__ import annotations

from lazr_smtptest.auth.login import Auth
from lazr_smtptest.smtp.lmtp import LMTPServerProtocol

from .row import (
    DATA,
    DEFAULT,
    HELLO,
    MAIL,
    MESSAGE,
    RCPT,
    STRICT,
    Row,
    Step,
    kept,
    listener,
    row,
)

__all__ = ["ROWS"]

BEGUN = (HELLO, MAIL, RCPT)
UTF8 = "j\u00f6rg@example.com"


def noted(warning: str, name: str, rfc: str, *steps: Step) -> Row:
    """Make a row of the standard profile: the message is kept, with a warning."""
    id = f"standard-{warning}-{name}"
    return row(id, rfc, *steps, stored=(kept(warnings=(warning,)),))


def refused(warning: str, name: str, rfc: str, *steps: Step) -> Row:
    """Make a row of the strict profile: nothing is kept."""
    return row(f"strict-{warning}-{name}", rfc, *steps, on=STRICT, stored=())


def content(warning: str, name: str, rfc: str, octets: bytes, reply: str) -> list[Row]:
    """Make the rows of an irregular message, by DATA and by BDAT."""
    data = octets.replace(b"\r\n.", b"\r\n..") + b".\r\n"
    chunk = b"BDAT %d LAST\r\n%s" % (len(octets), octets)
    return [
        noted(warning, name, rfc, *BEGUN, DATA, (data, "250 2.0.0")),
        refused(warning, name, rfc, *BEGUN, DATA, (data, reply), MAIL),
        noted(warning, f"{name}-bdat", rfc, *BEGUN, (chunk, "250 2.0.0")),
        refused(warning, f"{name}-bdat", rfc, *BEGUN, (chunk, reply), MAIL),
    ]


def command(
    warning: str, name: str, rfc: str, *before: Step, line: str, reply: str
) -> list[Row]:
    """Make the rows of an irregular command behind which a transaction goes on."""
    verb = line.partition(" ")[0].upper()
    accepted = (line, "250 2.1.0" if verb == "MAIL" else "250 2.1.5")
    rest = (RCPT, DATA, MESSAGE) if verb == "MAIL" else (DATA, MESSAGE)
    return [
        noted(warning, name, rfc, *before, accepted, *rest),
        refused(warning, name, rfc, *before, (line, reply)),
    ]


CONTENTS = (
    *content("bare-newline", "lf", "5321 2.3.8", b"a\nb\r\n", "550 5.5.2"),
    *content("bare-newline", "cr", "5321 2.3.8", b"a\rb\r\n", "550 5.5.2"),
    *content("bare-newline", "cr-cr-lf", "5321 2.3.8", b"a\r\r\n", "550 5.5.2"),
    *content("bare-newline", "lf-cr", "5321 2.3.8", b"a\n\r\r\n", "550 5.5.2"),
    *content("bare-newline", "lf-first", "5321 2.3.8", b"\na\r\n", "550 5.5.2"),
    *content("bare-newline", "dot", "5321 2.3.8", b"a\n.\nb\r\n", "550 5.5.2"),
    *content("long-line", "999", "5321 4.5.3.1.6", b"x" * 999 + b"\r\n", "500 5.5.2"),
    *content(
        "long-line",
        "last",
        "5321 4.5.3.1.6",
        b"a\r\n" + b"x" * 2000 + b"\r\n",
        "500 5.5.2",
    ),
    *content("undeclared-8bit", "latin", "6152 3", b"caf\xe9\r\n", "554 5.6.1"),
    *content("undeclared-8bit", "utf8", "6152 3", "\u00fc\r\n".encode(), "554 5.6.1"),
    *content("nul", "text", "2045 2.7", b"a\0b\r\n", "554 5.6.0"),
    *content("nul", "first", "2045 2.7", b"\0a\r\n", "554 5.6.0"),
    *content("nul", "header", "5322 3.5", b"Subject: a\0b\r\n\r\n", "554 5.6.0"),
)

COMMANDS = (
    *command(
        "undeclared-utf8",
        "sender",
        "6531 3.4",
        HELLO,
        line=f"MAIL FROM:<{UTF8}>",
        reply="553 5.6.7",
    ),
    *command(
        "undeclared-utf8",
        "recipient",
        "6531 3.4",
        HELLO,
        MAIL,
        line=f"RCPT TO:<{UTF8}>",
        reply="553 5.6.7",
    ),
    *command(
        "undeclared-utf8",
        "domain",
        "6531 3.4",
        HELLO,
        MAIL,
        line="RCPT TO:<a@m\u00fcller.example>",
        reply="553 5.6.7",
    ),
    *command("no-hello", "mail", "5321 4.1.4", line=MAIL[0], reply="503 5.5.1"),
    *command(
        "no-domain",
        "sender",
        "5321 4.1.2",
        HELLO,
        line="MAIL FROM:<root>",
        reply="553 5.1.3",
    ),
    *command(
        "no-domain",
        "recipient",
        "5321 4.1.2",
        HELLO,
        MAIL,
        line="RCPT TO:<root>",
        reply="553 5.1.3",
    ),
    *command(
        "space-before-path",
        "mail",
        "5321 3.3",
        HELLO,
        line="MAIL FROM: <a@example.com>",
        reply="501 5.5.4",
    ),
    *command(
        "space-before-path",
        "rcpt",
        "5321 3.3",
        HELLO,
        MAIL,
        line="RCPT TO: <a@example.com>",
        reply="501 5.5.4",
    ),
    *command(
        "space-before-path",
        "spaces",
        "5321 3.3",
        HELLO,
        MAIL,
        line="RCPT TO:   <a@example.com>",
        reply="501 5.5.4",
    ),
)


def path(warning: str, name: str, rfc: str, given: str) -> list[Row]:
    """Make the rows of an irregular path, of a sender and of a recipient."""
    return [
        *command(
            warning,
            f"{name}-mail",
            rfc,
            HELLO,
            line=f"MAIL {given.replace('KEYWORD', 'FROM')}",
            reply="501 5.5.4" if "space" in warning else "501 5.1.7",
        ),
        *command(
            warning,
            f"{name}-rcpt",
            rfc,
            HELLO,
            MAIL,
            line=f"RCPT {given.replace('KEYWORD', 'TO')}",
            reply="501 5.5.4" if "space" in warning else "501 5.1.3",
        ),
    ]


# A domain of 256 octets, its labels of 63 at most.
LONG_DOMAIN = ".".join(["b" * 49] * 5) + ".abcdef"

PATHS = (
    *path("space-before-colon", "one", "5321 4.1.1.2", "KEYWORD :<a@example.com>"),
    *path("space-before-colon", "two", "5321 4.1.1.2", "KEYWORD  :<a@example.com>"),
    *path("no-brackets", "mailbox", "5321 4.1.2", "KEYWORD:a@example.com"),
    *path("no-brackets", "quoted", "5321 4.1.2", 'KEYWORD:"a b"@example.com'),
    *path("no-brackets", "literal", "5321 4.1.2", "KEYWORD:a@[192.0.2.1]"),
    *path("no-brackets", "postmaster", "5321 4.1.2", "KEYWORD:Postmaster"),
    *path("bad-domain", "underscore", "5321 4.1.2", "KEYWORD:<a@my_host.example>"),
    *path("bad-domain", "first", "5321 4.1.2", "KEYWORD:<a@_smtp.example>"),
    *path("bad-domain", "bad-sign", "5321 4.1.2", "KEYWORD:<a@exam!ple.com>"),
    *path("bad-domain", "star", "5321 4.1.2", "KEYWORD:<a@*.example>"),
    *path("bad-domain", "slash", "5321 4.1.2", "KEYWORD:<a@a/b.example>"),
    *path("bad-domain", "route", "5321 4.1.2", "KEYWORD:<@my_relay:a@example.com>"),
    *path("bad-domain", "label-64", "1035 2.3.4", f"KEYWORD:<a@{'b' * 64}.example>"),
    *path("trailing-dot", "two-labels", "5321 2.3.5", "KEYWORD:<a@example.com.>"),
    *path("trailing-dot", "one-label", "5321 2.3.5", "KEYWORD:<a@localhost.>"),
    *path("long-local-part", "65", "5321 4.5.3.1.1", f"KEYWORD:<{'a' * 65}@b.example>"),
    *path(
        "long-local-part",
        "quoted",
        "5321 4.5.3.1.1",
        f'KEYWORD:<"{"a" * 63}"@b.example>',
    ),
    *path("long-domain", "256", "5321 4.5.3.1.2", f"KEYWORD:<a@{LONG_DOMAIN}>"),
)


def declared(
    warning: str, name: str, rfc: str, address: str, reply: str = "501 5.1.3"
) -> list[Row]:
    """Make the rows of an irregular address in a transaction with SMTPUTF8."""
    return command(
        warning,
        name,
        rfc,
        HELLO,
        ("MAIL FROM:<from@example.com> SMTPUTF8", "250 2.1.0"),
        line=f"RCPT TO:<{address}>",
        reply=reply,
    )


ADDRESSES = (
    *(
        each
        for name, character in {
            "soft-hyphen": "\u00ad",
            "grapheme-joiner": "\u034f",
            "hangul-filler": "\u3164",
            "zero-width-space": "\u200b",
            "non-joiner": "\u200c",
            "joiner": "\u200d",
            "right-to-left": "\u202e",
            "line-separator": "\u2028",
            "word-joiner": "\u2060",
            "variation-selector": "\ufe0f",
            "byte-order-mark": "\ufeff",
            "next-line": "\u0085",
            "no-break-space": "\u00a0",
            "tag": "\U000e0061",
        }.items()
        for each in declared(
            "invisible-character", name, "5892 2.6", f"a@exam{character}ple.com"
        )
    ),
    *(
        each
        for name, domain in {
            "symbol": "i\u2764.example",
            "emoji": "\U0001f600.example",
            "upper-case": "B\u00dcCHER.example",
            "ascii-upper-case": "B\u00fccher.example",
            "full-width": "\uff41bc.example",
            "compatibility": "\ufb01x.example",
            "decomposed": "bu\u0308cher.example",
            "ideographic-stop": "b\u00fccher\u3002example",
            "full-width-stop": "b\u00fccher\uff0eexample",
            "half-width-stop": "b\u00fccher\uff61example",
            "stop-after-stop": "b\u00fccher.\u3002example",
            "leading-mark": "\u0301a.example",
            "hyphens": "b\u00fc--cher.example",
            "middle-dot": "a\u00b7b.example",
            "digits-mixed": "\u0660\u06f0\u0627.example",
            "bidi-mixed": "a\u05d0.example",
            "bidi-end": "\u05d0-\u05d0a.example",
            "bidi-neighbour": "\u05d0.1a.example",
            "ascii-hyphens": "ab--cd.example",
            "a-label-empty": "xn--0.example",
            "a-label-of-ascii": "xn--abc-a.example",
            "a-label-bad": "xn--99999999999.example",
            "a-label-of-symbol": "xn--n3h.example",
            "a-label-of-upper-case": "xn--bcher-2pa.example",
            "a-label-of-mark": "xn--a-ecb.example",
            "a-label-bidi": "xn--4db.1a.example",
        }.items()
        for each in declared("bad-idn", name, "5891 4.2.3", f"a@{domain}")
    ),
    *(
        each
        for name, character in {
            "next-line": "\u0085",
            "application-command": "\u009f",
            "line-separator": "\u2028",
            "paragraph-separator": "\u2029",
            "arabic-mark": "\u061c",
            "left-to-right-mark": "\u200e",
            "right-to-left-override": "\u202e",
            "isolate": "\u2066",
            "end-of-isolate": "\u2069",
        }.items()
        for form in ("a{}b", '"a{}b"')
        for each in declared(
            "control-character",
            name + "-quoted" * form.startswith('"'),
            "5198 2",
            form.format(character) + "@b.example",
        )
    ),
    *declared(
        "bad-domain", "long-a-label", "5890 2.3.2.1", "a@" + "\u00fc" * 64 + ".example"
    ),
    *declared(
        "long-domain",
        "octets",
        "5321 4.5.3.1.2",
        "a@" + ".".join(["\u4e2d" * 21] * 4) + ".example.com",
    ),
    *declared(
        "long-domain",
        "a-labels",
        "5321 4.5.3.1.2",
        "a@" + ".".join(["\u00fc" + "x" * 48 + "\u4e2d"] * 4) + ".example",
    ),
    *declared("bad-domain", "utf8", "6531 3.3", "a@my_\u00fc.example"),
    *declared("trailing-dot", "utf8", "6531 3.3", "a@\u00fc.example."),
    *declared(
        "long-local-part", "utf8", "5321 4.5.3.1.1", "\u00fc" * 33 + "@b.example"
    ),
    *(
        row(
            f"{profile.options.get('profile', 'standard')}-joiner-{name}",
            "5892 appendix A",
            HELLO,
            ("MAIL FROM:<from@example.com> SMTPUTF8", "250 2.1.0"),
            (f"RCPT TO:<a@{label}.example>", "250 2.1.5"),
            DATA,
            MESSAGE,
            on=profile,
            stored=(kept(warnings=()),),
        )
        for profile in (DEFAULT, STRICT)
        for name, label in {
            "behind-virama": "\u0915\u094d\u200d\u0937",
            "non-joiner-behind-virama": "\u0915\u094d\u200c\u0937",
            "within-word": "\u0646\u0627\u0645\u0647\u200c\u0627\u06cc",
        }.items()
    ),
    *(
        row(
            f"{profile.options.get('profile', 'standard')}-good-idn-{name}",
            "5890 2.3.2.1",
            HELLO,
            ("MAIL FROM:<from@example.com> SMTPUTF8", "250 2.1.0"),
            (f"RCPT TO:<a@{domain}>", "250 2.1.5"),
            DATA,
            MESSAGE,
            on=profile,
            stored=(kept(warnings=()),),
        )
        for profile in (DEFAULT, STRICT)
        for name, domain in {
            "u-label": "b\u00fccher.example",
            "a-label": "xn--bcher-kva.example",
            "a-label-upper-case": "XN--BCHER-KVA.Example",
            "sharp-s": "stra\u00dfe.example",
            "final-sigma": "\u03b2\u03cc\u03bb\u03bf\u03c2.example",
            "han": "\u4f8b\u5b50.\u6d4b\u8bd5",
            "right-to-left": "\u05d0\u05d1.\u05d2\u05d3",
            "middle-dot": "col\u00b7lega.example",
            "63-octets": "\u4e2d" * 21 + ".example",
            "one-hyphen": "a-b-c.b\u00fc-cher.example",
        }.items()
    ),
)

# Where SMTPUTF8 is hidden.
HIDDEN_UTF8 = (
    *(
        row(
            f"standard-hidden-smtputf8-{name}",
            "6531 3.4",
            *steps,
            DATA,
            MESSAGE,
            on=listener(hidden=["SMTPUTF8"]),
            stored=(kept(warnings=("undeclared-utf8",)),),
        )
        for name, steps in {
            "mail": (HELLO, (f"MAIL FROM:<{UTF8}>", "250"), RCPT),
            "rcpt": (HELLO, MAIL, (f"RCPT TO:<{UTF8}>", "250")),
        }.items()
    ),
    *(
        row(
            f"strict-hidden-smtputf8-{name}",
            "6531 3.4",
            *steps,
            on=listener(hidden=["SMTPUTF8"], profile="strict"),
            stored=(),
        )
        for name, steps in {
            "mail": (HELLO, (f"MAIL FROM:<{UTF8}>", "553 5.6.7")),
            "rcpt": (HELLO, MAIL, (f"RCPT TO:<{UTF8}>", "553 5.6.7")),
            "parameter": (HELLO, (f"MAIL FROM:<{UTF8}> SMTPUTF8", "555 5.5.4")),
            "vrfy": (HELLO, (f"VRFY {UTF8} SMTPUTF8", "553 5.6.7")),
        }.items()
    ),
)

# What clients call themselves.
HELLOS = (
    *(
        each
        for name, text in {
            "underscore": "test_client",
            "space": "my host",
            "utf8": "caf\u00e9.example.com",
            "slash": "a/b",
            "trailing-dot": "client.example.com.",
            "leading-dash": "-client",
            "literal-no-tag": "[2001:db8::1]",
            "literal-bad": "[192.0.2.256]",
            "literal-open": "[192.0.2.1",
            "label-64": "x" * 64,
            "domain-256": LONG_DOMAIN,
        }.items()
        for each in (
            row(
                f"standard-bad-hello-{name}",
                "5321 4.1.1.1",
                (f"EHLO {text}", "250 -"),
                MAIL,
                RCPT,
                DATA,
                MESSAGE,
                MAIL,
                RCPT,
                DATA,
                MESSAGE,
                stored=(
                    kept(helo=text, warnings=("bad-hello",)),
                    kept(helo=text, warnings=("bad-hello",)),
                ),
            ),
            refused(
                "bad-hello",
                name,
                "5321 4.1.1.1",
                (f"EHLO {text}", "501 5.5.4"),
                (MAIL[0], "503 5.5.1"),
                HELLO,
                MAIL,
            ),
        )
    ),
    noted(
        "bad-hello",
        "8bit",
        "5321 4.1.1.1",
        (b"EHLO caf\xe9.example.com\r\n", "250 -"),
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
    ),
    noted(
        "bad-hello",
        "helo",
        "5321 4.1.1.1",
        ("HELO test_client", "250"),
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
    ),
    refused("bad-hello", "helo", "5321 4.1.1.1", ("HELO test_client", "501 5.5.4")),
    row(
        "strict-lhlo-underscore",
        "2033 4.1",
        ("LHLO test_client", "501 5.5.4"),
        on=listener(profile="strict", protocol=LMTPServerProtocol),
    ),
    row(
        "standard-good-name-after-a-bad-one",
        "5321 4.1.4",
        ("EHLO test_client", "250"),
        HELLO,
        MAIL,
        RCPT,
        DATA,
        MESSAGE,
        stored=(kept(warnings=()),),
    ),
)

HELO: Step = ("HELO client.example.com", "250 -")
BASIC = (
    *command(
        "esmtp-after-helo",
        "mail",
        "5321 2.2.1",
        HELO,
        line="MAIL FROM:<a@example.com> SIZE=5",
        reply="503 5.5.1",
    ),
    *command(
        "esmtp-after-helo",
        "body",
        "5321 2.2.1",
        HELO,
        line="MAIL FROM:<a@example.com> BODY=8BITMIME",
        reply="503 5.5.1",
    ),
    *command(
        "esmtp-after-helo",
        "rcpt",
        "5321 2.2.1",
        HELO,
        MAIL,
        line="RCPT TO:<a@example.com> NOTIFY=NEVER",
        reply="503 5.5.1",
    ),
    noted(
        "esmtp-after-helo",
        "bdat",
        "3030 2",
        HELO,
        MAIL,
        RCPT,
        (b"BDAT 3 LAST\r\na\r\n", "250 2.0.0"),
    ),
    refused(
        "esmtp-after-helo",
        "bdat",
        "3030 2",
        HELO,
        MAIL,
        RCPT,
        (b"BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n", "503 5.5.1 + 250"),
    ),
    *(
        row(
            f"{profile.options.get('profile', 'standard')}-ehlo-after-helo-is-enough",
            "5321 4.1.1.1",
            HELO,
            HELLO,
            ("MAIL FROM:<a@example.com> SIZE=5", "250"),
            RCPT,
            DATA,
            MESSAGE,
            on=profile,
            stored=(kept(warnings=()),),
        )
        for profile in (DEFAULT, STRICT)
    ),
)

WITH_AUTH = listener(auth=Auth.any())
AUTHOR = "MAIL FROM:<a@example.com> AUTH=<anna@example.com>"
IDENTITIES = (
    row(
        "standard-auth-in-brackets-mail",
        "4954 5",
        HELLO,
        (AUTHOR, "250"),
        RCPT,
        DATA,
        MESSAGE,
        on=WITH_AUTH,
        stored=(kept(warnings=("auth-in-brackets",)),),
    ),
    row(
        "strict-auth-in-brackets-mail",
        "4954 5",
        HELLO,
        (AUTHOR, "501 5.5.4"),
        on=listener(auth=Auth.any(), profile="strict"),
        stored=(),
    ),
    *(
        each
        for warning, name, identity in (
            ("bad-domain", "underscore", "x@y_z.example"),
            ("bad-domain", "bad-sign", "a@b!c"),
            ("bad-domain", "label-64", f"x@{'y' * 64}.example"),
            ("trailing-dot", "two-labels", "x@y.example."),
            ("long-local-part", "70", f"{'x' * 70}@y.example"),
            ("long-domain", "304", "x@" + ".".join(["y" * 60] * 5)),
        )
        for each in (
            row(
                f"standard-{warning}-auth-parameter-{name}",
                "4954 5",
                HELLO,
                (f"MAIL FROM:<a@example.com> AUTH={identity}", "250 2.1.0"),
                RCPT,
                DATA,
                MESSAGE,
                on=WITH_AUTH,
                stored=(kept(warnings=(warning,)),),
            ),
            row(
                f"strict-{warning}-auth-parameter-{name}",
                "4954 5",
                HELLO,
                (f"MAIL FROM:<a@example.com> AUTH={identity}", "501 5.5.4"),
                on=listener(auth=Auth.any(), profile="strict"),
                stored=(),
            ),
        )
    ),
)

# The names that VRFY and EXPN are given.
NAMES = tuple(
    each
    for verb in ("VRFY", "EXPN")
    for each in (
        noted(
            "undeclared-utf8",
            verb.lower(),
            "6531 3.7.4.2",
            HELLO,
            (f"{verb} {UTF8}", "252"),
            MAIL,
            RCPT,
            DATA,
            MESSAGE,
        ),
        refused(
            "undeclared-utf8",
            verb.lower(),
            "6531 3.7.4.2",
            HELLO,
            (f"{verb} {UTF8}", "553 5.6.7"),
            (f"{verb} {UTF8} SMTPUTF8", "252"),
        ),
    )
)

# Commands that end a group (RFC 2920 section 3.1), with what came before them.
PIPELINING = (
    noted(
        "pipelining",
        "data",
        "2920 3.1",
        *BEGUN,
        (b"DATA\r\nSubject: x\r\n.\r\n", "354 - + 250 2.0.0"),
    ),
    refused(
        "pipelining",
        "data",
        "2920 3.1",
        *BEGUN,
        (b"DATA\r\nRSET\r\n", "554 5.5.0 + 250 2.0.0"),
    ),
    noted(
        "pipelining",
        "ehlo",
        "2920 3.1",
        (b"EHLO a.example\r\nMAIL FROM:<a@example.com>\r\n", "250 - + 250 2.1.0"),
        RCPT,
        DATA,
        MESSAGE,
    ),
    refused(
        "pipelining",
        "ehlo",
        "2920 3.1",
        (b"EHLO a.example\r\nNOOP\r\n", "554 + 250 2.0.0"),
    ),
    *(
        each
        for verb, code in (("NOOP", "250"), ("VRFY a", "252"), ("EXPN a", "252"))
        for each in (
            noted(
                "pipelining",
                verb[:4].lower(),
                "2920 3.1",
                HELLO,
                (verb.encode() + b"\r\nMAIL FROM:<a@example.com>\r\n", f"{code} + 250"),
                RCPT,
                DATA,
                MESSAGE,
            ),
            refused(
                "pipelining",
                verb[:4].lower(),
                "2920 3.1",
                HELLO,
                (verb.encode() + b"\r\nRSET\r\n", "554 5.5.0 + 250"),
            ),
        )
    ),
)

ROWS = (
    *CONTENTS,
    *COMMANDS,
    *PATHS,
    *ADDRESSES,
    *HIDDEN_UTF8,
    *HELLOS,
    *BASIC,
    *IDENTITIES,
    *NAMES,
    *PIPELINING,
)
