"""The grammar of paths: what is an address, and what is none."""

from __future__ import annotations

from .row import DATA, HELLO, MAIL, MESSAGE, kept, row

__all__ = ["ROWS"]

# The path, and the address in it if that differs.
GOOD = {
    "atom": ("5321 4.1.2", "user@example.com"),
    "dots": ("5321 4.1.2", "first.middle.last@example.com"),
    "atext": ("5321 4.1.2", "!#$%&'*+-/=?^_`{|}~@example.com"),
    "one-letter": ("5321 4.1.2", "a@b"),
    "digits": ("5321 4.1.2", "1@2.example"),
    "plus": ("5321 4.1.2", "user+tag@example.com"),
    "quoted": ("5321 4.1.2", '"user"@example.com'),
    "quoted-space": ("5321 4.1.2", '"john doe"@example.com'),
    "quoted-at": ("5321 4.1.2", '"john@home"@example.com'),
    "quoted-bracket": ("5321 4.1.2", '"a>b"@example.com'),
    "quoted-empty": ("5321 4.1.2", '""@example.com'),
    "quoted-pair": ("5321 4.1.2", '"a\\"b"@example.com'),
    "quoted-backslash": ("5321 4.1.2", '"a\\\\b"@example.com'),
    "quoted-dots": ("5321 4.1.2", '".a..b."@example.com'),
    "dash-in-label": ("5321 4.1.2", "a@ex-ample.com"),
    "dashes-in-label": ("5890 2.3.2.1", "a@xn--caf-dma.example"),
    "ipv4": ("5321 4.1.3", "a@[192.0.2.1]"),
    "ipv6": ("5321 4.1.3", "a@[IPv6:2001:db8::1]"),
    "ipv6-lower-case-tag": ("5321 4.1.3", "a@[ipv6:2001:db8::1]"),
    "ipv6-full": ("5321 4.1.3", "a@[IPv6:2001:db8:0:0:0:0:0:1]"),
    "ipv6-with-ipv4": ("5321 4.1.3", "a@[IPv6:::ffff:192.0.2.1]"),
    "general-literal": ("5321 4.1.3", "a@[X-TEST:any!thing]"),
    "local-part-64": ("5321 4.5.3.1.1", f"{'a' * 64}@example.com"),
    "label-63": ("1035 2.3.4", f"a@{'b' * 63}.example"),
    "domain-255": ("5321 4.5.3.1.2", "a@" + ".".join(["b" * 49] * 5) + ".abcde"),
}

BAD = {
    "no-local-part": "@example.com",
    "no-domain-behind-at": "a@",
    "only-at": "@",
    "two-ats": "a@b@example.com",
    "space": "a b@example.com",
    "space-before-at": "a @example.com",
    "leading-dot": ".a@example.com",
    "trailing-dot": "a.@example.com",
    "two-dots": "a..b@example.com",
    "comma": "a,b@example.com",
    "colon": "a:b@example.com",
    "semicolon": "a;b@example.com",
    "parentheses": "a(comment)@example.com",
    "backslash": "a\\b@example.com",
    "bracket-within": "a<b@example.com",
    "quote-unclosed": '"a@example.com',
    "quote-in-the-middle": 'a"b"c@example.com',
    "quote-then-atom": '"a"b@example.com',
    "domain-leading-dot": "a@.example.com",
    "domain-two-trailing-dots": "a@example.com..",
    "domain-only-a-dot": "a@.",
    "domain-two-dots": "a@example..com",
    "domain-leading-dash": "a@-example.com",
    "domain-trailing-dash": "a@example-.com",
    "domain-space": "a@example com",
    "domain-comma": "a@exam,ple.com",
    "domain-quote": 'a@exam"ple.com',
    "literal-unclosed": "a@[192.0.2.1",
    "literal-empty": "a@[]",
    "literal-three-numbers": "a@[192.0.2]",
    "literal-number-too-big": "a@[192.0.2.256]",
    "literal-ipv6-no-tag": "a@[2001:db8::1]",
    "literal-ipv6-bad": "a@[IPv6:2001:db8::1::2]",
    "literal-ipv6-zone": "a@[IPv6:fe80::1%eth0]",
    "literal-tag-only": "a@[IPv6:]",
    "literal-no-tag": "a@[example]",
    "route-no-colon": "@relay.example,a@example.com",
    "route-no-domain": "@:a@example.com",
    "tab": "a\tb@example.com",
    "nul": "a\0b@example.com",
    "escape": "a\x1b@example.com",
    "delete": "a\x7f@example.com",
    "bare-cr": "a\rb@example.com",
    "quoted-control": '"a\x01b"@example.com',
    "quoted-pair-control": '"a\\\x01b"@example.com',
    "domain-control": "a@exam\x02ple.com",
}

ROUTES = {
    "one": "@relay.example:user@example.com",
    "two": "@one.example,@two.example:user@example.com",
}

ROWS = (
    *(
        row(
            f"path-{kind}",
            section,
            HELLO,
            (f"MAIL FROM:<{path}>", "250 2.1.0"),
            (f"RCPT TO:<{path}>", "250 2.1.5"),
            DATA,
            MESSAGE,
            stored=(kept(mail_from=path, rcpt_tos=(path,), warnings=()),),
        )
        for kind, (section, path) in GOOD.items()
    ),
    *(
        row(
            f"path-bad-{kind}",
            "5321 4.1.2",
            HELLO,
            (f"MAIL FROM:<{path}>", "501 5.1.7"),
            MAIL,
            (f"RCPT TO:<{path}>", "501 5.1.3"),
        )
        for kind, path in BAD.items()
    ),
    *(
        row(
            f"path-route-{kind}-is-ignored",
            "5321 4.1.1.3",
            HELLO,
            (f"MAIL FROM:<{path}>", "250 2.1.0"),
            (f"RCPT TO:<{path}>", "250 2.1.5"),
            DATA,
            MESSAGE,
            stored=(
                kept(mail_from="user@example.com", rcpt_tos=("user@example.com",)),
            ),
        )
        for kind, path in ROUTES.items()
    ),
    row(
        "path-bad-of-1000", "5321 4.5.3.1.5", HELLO, (f"MAIL FROM:{'x' * 1000}", "501")
    ),
    row(
        "path-bad-utf8-of-1000",
        "5321 4.5.3.1.5",
        HELLO,
        ("MAIL FROM:" + "\u00e4" * 500, "501"),
    ),
    row(
        "path-invalid-utf8",
        "6531 3.3",
        HELLO,
        (b"MAIL FROM:<caf\xe9@example.com> SMTPUTF8\r\n", "501 5.1.7"),
    ),
    row(
        "path-overlong-utf8",
        "3629 3",
        HELLO,
        (b"MAIL FROM:<\xc0\xaf@example.com> SMTPUTF8\r\n", "501 5.1.7"),
    ),
    row(
        "path-surrogate-utf8",
        "3629 3",
        HELLO,
        (b"MAIL FROM:<\xed\xa0\x80@example.com> SMTPUTF8\r\n", "501 5.1.7"),
    ),
)
