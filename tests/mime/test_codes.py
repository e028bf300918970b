"""One-time codes, and the numbers beside them."""

# ruff: noqa: RUF001 -- digits of other scripts are what is read here.

from __future__ import annotations

import sys
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lazr_smtptest.mime import codes
from lazr_smtptest.mime.codes import find_code
from lazr_smtptest.model.envelope import Envelope

from ..chance import some
from .times import LONG, SECONDS


def page(html: str) -> Envelope:
    content = b"Content-Type: text/html; charset=utf-8\r\n\r\n" + html.encode()
    return Envelope(mail_from="", rcpt_tos=(), content=content)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Your code is 481516.", "481516"),
        ("G-481516 is your Example verification code.", "481516"),
        ("code: 481516, 10 min", "481516"),
        ("Your code is 481516. 10 minutes are left.", "481516"),
        ("Sent on May 5, 2026, and on 6 June 2026", None),
        ("Sign in with\n\nG-481516\n", "481516"),
        ("Order AB-481516", None),
        ("Your code: 481 516", "481516"),
        ("Your code: 481-516", "481516"),
        ("This mail needs HTML.\n(c) 2026 Shop Ltd.", None),
        ("Your code:\n4\n8\n1\n5\n1\n6\n", "481516"),
        ("Your code:\n4\t8\t1\t5\t1\t6\n", "481516"),
        ("Your code: 4 8 1 5 1 6", "481516"),
        ("2024-01-31 https://x.example/12345 1,234.50 Your code is 493021.", "493021"),
        ("Code: 555666", "555666"),
        ("123", None),
        ("481516", "481516"),
        ("Order 778899 confirmed. Enter 481516 to verify.", "481516"),
        ("Order #778899. Your code is 481516.", "481516"),
        ("Your security code for order 778899 is 481516", "481516"),
        ("Your code for account 12345678 is 481516", "481516"),
        ("481516 is your code for order 778899", "481516"),
        ("Hi user 778899, your code is 481516", "481516"),
        ("Call +1 555 123 4567. Code 481516", "481516"),
        ("Call (555) 123-4567\n481516\n", "481516"),
        ("San Francisco, CA 94105\nYour PIN: 4815", "4815"),
        ("ZIP code 94105. Verification code 481516", "481516"),
        ("Version 2024.1 build 45678. OTP 481516", "481516"),
        ("Total: $1234. Pay 1299 EUR. Your code 481516", "481516"),
        ("color: #123456 code 481516", "481516"),
        ("#123456", None),
        ("Copyright 2026", None),
        ("Your code is 2026.", "2026"),
        ("Your code was requested on May 5 2026: 481516", "481516"),
        ("验证码481516\uff0c有效期10分钟", "481516"),
        ("【Shop】481516 是您的验证码。订单 778899", "481516"),
        ("인증번호는 481516입니다", "481516"),
        ("認証コード\uff1a481516", "481516"),
        ("Ihr Bestätigungscode lautet 481516. Bestellnummer: 778899", "481516"),
        ("Bestellnummer: 778899", None),
        ("Bestellung 778899, Sicherheitscode 4815", "4815"),
        ("Votre code est 481 516 (valable 10 minutes)", "481516"),
        ("Su código es 481516", "481516"),
        ("Ваш код: 481516", "481516"),
        ("Use 481516 to verify your account", "481516"),
        ("Valid for 3600 seconds: 481516", "481516"),
        ("10000 points! 481516", "481516"),
        ("Order number:\n778899\nCode:\n481516", "481516"),
        ("Order\t778899\nCode\t481516", "481516"),
        ("481516\nis your code", "481516"),
        (
            "Here is your verification code.\n\n481516\n\nIt expires at "
            "12:30 on 31.12.2026. Shop, 10115 Berlin, Tel. 030 901820",
            "481516",
        ),
        ("**481516**", "481516"),
        ("Your code is *481516*", "481516"),
        ("_481516_ is your code", "481516"),
        ("code=481516", "481516"),
        ("RFC 5321, ISO 8859-1, your code 481516", "481516"),
        ("4711", "4711"),
        ("Your pin is 4711", "4711"),
        ("PIN: 0042", "0042"),
        ("Card ending in 4242. Code 481516", "481516"),
        ("1 2 3 4 5", None),
        ("Rated 5 of 5 by 1200 customers. 481516", "481516"),
        ("phone 555 123 4567", None),
        ("12345@example.com", None),
        ("a1b2c3d4 550e8400-e29b-41d4-a716-446655440000", None),
        ("Your code is: 1234 5678", "12345678"),
        ("Code: 48 15 16", "481516"),
        ("Your one-time password is 481516 and not 000000", "481516"),
        ("Invoice 2026-0042: code 481516", "481516"),
        ("Ticket 481516", None),
        ("Code: 481516 (expires 2026)", "481516"),
        ("481516 2026", "481516"),
        ("192.168.10.1234", None),
        ("FB-48151 is your confirmation code", "48151"),
        ("Your code\n\n481 516\n", "481516"),
        ("The pickup code for your order: 481516", "481516"),
        ("Your order's pickup code is 4815", "4815"),
        (
            "Your Shop verification code is: 481516. Don't share. Order "
            "778899 placed 2026",
            "481516",
        ),
        ("Sign-in code\n481516\nShop Inc, 1600 Amphitheatre Pkwy, CA 94043", "481516"),
        ("4815\u200b16", "481516"),
        ("481\xa0516 is your code", "481516"),
        ("Thank you for order 2026-4815. Enter this code:\n\n   481516\n", "481516"),
        ("Meeting 2026 in room 1204. PIN 4815.", "4815"),
        ("Tracking code 12345678, login code 4815", "4815"),
        ("use promo code 20202 - your OTP is 481516", "481516"),
        ("Reset code 481516, sent 14:05 on 5 May 2026, from IP 10.0.0.1", "481516"),
        ("We received a request from +49 170 1234567. Your code: 481516", "481516"),
        ("Your code expires in 2026 seconds: 481516", "481516"),
        ("Enter the following code: 481516", "481516"),
        ("Your verification code for example.com (user 778899) is 481516.", "481516"),
        ("778899 items shipped. 481516 is your PIN", "481516"),
    ],
)
def test_the_code_is_the_number_that_is_called_one(text, code):
    """And not the year, order, price, version, or telephone number beside it."""
    assert find_code(text) == code


@pytest.mark.parametrize(
    "html",
    [
        "".join(f"<span>{digit}</span>" for digit in "481516"),
        "\n".join(f"<span>{digit}</span>" for digit in "481516"),
        "".join(f"<td>{digit}</td>" for digit in "481516"),
        "".join(f"<div>{digit}</div>" for digit in "481516"),
        "<b>481</b><b>516</b>",
        "<b>481</b> <b>516</b>",
        "<b>481</b>&nbsp;<b>516</b>",
        "<b>481</b>-<b>516</b>",
        "4&#8203;8&zwnj;1&shy;516",
        "<td>481516</td><td>778899 points</td>",
    ],
)
def test_the_digits_of_a_code_may_be_elements(html):
    """A span or a cell each, or two groups."""
    assert page(f"<p>Your code:</p>{html}").code() == "481516"


@pytest.mark.parametrize(
    "html",
    [
        "<style>p{color:#123456;width:1234px}</style>",
        "<style>@media(max-width:6000px){a{b:12345}}</style>",
        "<p style='color:#112233' id=654321 class=x-1234>Hi</p>",
        "<table width=6000 bgcolor='#654321'><td height=4000></table>",
        "<script>var code = 123456;</script>",
        "<!-- code 123456 -->",
        "<!--[if mso]>code 123456<![endif]-->",
        "<title>Code 123456</title>",
        "<div style='display:none'>Code 123456</div>",
        "<a href='https://shop.example/123456?code=654321'>Go</a>",
        "<p>https://shop.example/123456?code=654321</p>",
        "<img alt='123456' src='cid:123456@x'>",
        "<input value=123456>",
    ],
)
def test_no_code_is_in_what_is_not_shown(html):
    """Style sheets, attributes, comments, hidden text; alone or beside a code."""
    assert page(html).code() is None
    assert page(html + "<p>481516</p>").code() == "481516"
    assert page(f"<p>481516</p>{html}").code() == "481516"


def mail(text: str, html: str) -> Envelope:
    content = (
        "Content-Type: multipart/alternative; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n"
        f"--b\r\nContent-Type: text/html\r\n\r\n{html}\r\n--b--\r\n"
    )
    return Envelope(mail_from="", rcpt_tos=(), content=content.encode())


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("See the HTML part. (c) 2026", "<p>Your code: 481516</p>"),
        ("Order 778899", "<b>481516</b> is your code"),
        ("Your code: 481516", "<p>Order 778899</p>"),
        ("Your code: 481516", "<p>Your code: 778899</p>"),
        ("778899 came", "<p>Your code: 481516</p>"),
    ],
)
def test_the_likelier_of_text_and_html_counts(text, html):
    """Of two that are alike it is that of the text."""
    assert mail(text, html).code() == "481516"


def test_a_pattern_is_looked_for_in_html_as_one_line():
    """Text before HTML, and elements within a word are none of it."""
    one = mail("Hello.", "<p>Your key:</p><td>AB</td><p><b>X</b>-<i>12</i></p>")
    assert one.code(r"key: (\w+) X-12") == "AB"


IDENTIFIERS = [
    "Rechnung Nr. 778899", "Invoice no. 778899", "Invoice No: 778899",
    "Account no. 12345678", "Acct. 12345678", "Acct. no. 12345678",
    "A/C No. 12345678", "Inv. 778899", "Ref. 778899", "Ord. no. 778899",
    "Cust. no. 12345", "Ordine n. 778899", "Ordine n° 778899", "Fattura n. 778899",
    "Conto n. 12345678", "Cliente n. 12345", "Facture n° 778899",
    "Commande no 778899", "Compte n° 12345678", "N° de client : 123456",
    "N° de commande : 778899", "Réservation nº 778899", "Pedido n.º 778899",
    "Pedido núm. 778899", "Factura núm. 778899", "Nº de pedido: 778899",
    "Número de cuenta: 12345678", "Encomenda n.º 778899", "Fatura nº 778899",
    "Bestelling nr. 778899", "Factuurnr. 778899", "Factuur nr. 778899",
    "Klantnummer: 778899", "Klantnr. 778899", "Kd.-Nr. 778899", "Kundennr. 778899",
    "Best.-Nr. 778899", "Rg.-Nr. 778899", "Konto-Nr. 12345678", "Kto. 12345678",
    "Vertragsnr. 778899", "Zamówienie nr 778899", "Faktura nr 778899",
    "Nr zamówienia: 778899", "Numer klienta: 778899", "Objednávka č. 778899",
    "Faktura č. 778899", "Číslo objednávky: 778899", "Zákazník č. 12345",
    "Beställning nr 778899", "Ordernr. 778899", "Kundnr: 778899",
    "Fakturanummer: 778899", "Ordre nr. 778899", "Kundenr. 778899",
    "Tilaus nro 778899", "Tilausnumero: 778899", "Asiakasnro 778899",
    "Laskun numero: 778899", "Заказ № 778899", "Счёт № 778899", "Счет №778899",
    "Номер заказа: 778899", "Sipariş no: 778899", "Sipariş No. 778899",
    "Fatura numarası: 778899", "Müşteri no: 12345", "Rendelés sz. 778899",
    "Számla száma: 778899", "Comanda nr. 778899", "請求書番号: 778899",
    "お客様番号 12345678",
    "発票 778899", "发票号 778899", "客户编号: 778899", "고객번호: 778899",
    "송장번호 778899",
    "رقم الطلب: 778899", "فاتورة رقم 778899", "ऑर्डर संख्या 778899", "Tel. 778899",
    "Tél. 778899", "Ticket no. 778899", "Case No. 778899", "Nr. 778899",
    "No. 778899", "№ 778899", "Order number 778899",
    "Your account number is 12345678.",
]  # fmt: skip


@pytest.mark.parametrize("text", IDENTIFIERS)
def test_the_number_of_an_order_or_account_is_no_code(text):
    """In many languages, and where the word is abbreviated with a full stop."""
    assert find_code(text) is None
    assert find_code(f"{text}\nX: 335577") == "335577"


CALLED_CODES = [
    "Rechnung Nr. 778899\nBestätigen Sie mit 481516", "Enter your code. 481516",
    "Kod do Twojego konta: 481516", "Ihr Code für Ihr Konto: 481516",
    "Votre code de vérification pour votre compte est 481516",
    "Le code de connexion à votre compte est : 481516",
    "Tu código para tu cuenta es 481516", "El código de tu cuenta es 481516",
    "Codice per il tuo account: 481516", "O código da sua conta é 481516",
    "Din kod för ditt konto är 481516", "Din kode til kontoen er 481516",
    "De code voor je account is 481516", "Uw code voor rekening is 481516",
    "Koodi tilillesi on 481516", "Код для вашего аккаунта: 481516",
    "Код для входа в аккаунт: 481516", "Hesabınız için kod: 481516",
    "Hesap doğrulama kodunuz: 481516", "Kód pro váš účet: 481516",
    "Ověřovací kód je 481516", "رمز التحقق لحسابك هو 481516",
    "您的账号登录验证码为481516",
    "アカウントの認証コード: 481516",
    "お客様の認証番号は481516です", "Code No. 481516",
    "OTP no. 481516",
    "Código nº 481516", "Kod nr 481516", "PIN-Nr. 481516",
    "Code 481516. Invoice no. 778899", "Invoice no. 778899. Code 481516",
    "Order no. 778899: your code is 481516", "481516 R",
    "Enter 481516 for your account", "Is it right? No. Your code is 481516",
    "Your code 481516 from bank", "Code 481516 R", "Your code: 481516\nLira",
    "code 481516 won't work", "code: 481516 real soon",
    "Your code is 481516. Pounds", "Bestätigungscode: 481516", "Ihre TAN: 481516",
    "Din engångskod: 481516", "Twój kod weryfikacyjny: 481516",
    "Votre code à usage unique : 481516", "Il tuo codice OTP è 481516",
    "Uw verificatiecode is 481516", "Seu código de verificação é 481516",
    "Vahvistuskoodisi on 481516", "Doğrulama kodu: 481516",
    "Ваш код подтверждения 481516", "인증번호 481516",
    "Verification code for reference no. 778899 is 481516",
    "Conto su di noi. Codice 481516", "Inserisci 481516 per il tuo ordine",
    "Dear customer, 481516 is your code", "Estimado cliente, 481516 es su código",
    "Codenummer: 481516",
]  # fmt: skip


@pytest.mark.parametrize("text", CALLED_CODES)
def test_a_code_for_an_order_or_account_is_one(text):
    """The word for a code counts, also with ``no.`` after it."""
    assert find_code(text) == "481516"


@pytest.mark.parametrize(
    "text",
    [
        "Ihr Kundenkonto\n335577",
        "Konto bestätigen\n\n335577",
        "Votre compte\n\n335577",
        "Il tuo conto\n335577",
        "Para tu cuenta usa 335577",
        "Bestätigungsnummer: 335577",
        "Sicherheitsnummer: 335577",
    ],
)
def test_an_account_in_a_heading_says_nothing_of_the_number(text):
    """Only the number of an account is none; that of a confirmation is a code."""
    assert find_code(text) == "335577"


OUTDATED = [
    "Old code 778899 is no longer valid.", "Your expired code 778899.",
    "Your previous code was 778899.", "Your code 778899 has expired.",
    "Code 778899 has already been used.", "Old code:\n778899",
    "Ihr alter Code 778899.", "Der Code 778899 ist abgelaufen.",
    "Votre ancien code 778899.", "Le code 778899 n'est plus valable.",
    "Su código anterior 778899.", "El código 778899 ya no es válido.",
    "Il codice precedente 778899.", "Il codice 778899 è scaduto.",
    "O código 778899 expirou.", "Uw oude code 778899.",
    "De code 778899 is verlopen.", "Stary kod 778899.", "Starý kód 778899.",
    "Din gamla kod 778899.", "Koodi 778899 on vanhentunut.",
    "Старый код 778899.", "Код 778899 больше не действителен.", "Eski kod 778899.",
    "旧验证码 778899", "验证码778899已过期",
]  # fmt: skip


@pytest.mark.parametrize("text", OUTDATED)
def test_a_code_that_is_not_valid_any_more_is_none(text):
    """Its new one is, wherever it stands."""
    assert find_code(text) is None
    assert find_code(f"{text}\nCode: 335577") == "335577"
    assert find_code(f"Code: 335577\n{text}") == "335577"


@pytest.mark.parametrize(
    "text",
    [
        "welcome.\n1234 Main Street",
        "Enter your code.\n1234 N. Main St.",
        "Shop, 12345 Old Mill Rd, Springfield",
        "1234 rue de la Paix",
        "Musterstraße 1234",
        "Lange Straße 1234",
        "Calle Mayor, 1234",
    ],
)
def test_the_number_of_a_house_is_no_code(text):
    """The street is beside it."""
    assert find_code(text) is None
    assert find_code(f"{text}\nCode: 335577") == "335577"


@pytest.mark.parametrize(
    "text",
    [
        "Use coupon 778899 for 10% off",
        "Use code 778899 for 10% off",
        "Use code 778899 at checkout",
        "Enter code 778899 to get free shipping",
        "Save 20% with code 778899",
        "Your voucher: 778899",
        "Discount 778899",
        "Gutschein 778899",
        "20% Rabatt mit Code 778899",
        "Cupón 778899",
        "Rabattkod 778899",
        "Промокод 778899",
        "优惠券 778899",
    ],
)
def test_a_coupon_is_no_code(text):
    """Nor is what lowers a price."""
    assert find_code(text) is None
    assert find_code(f"{text}\nCode: 335577") == "335577"


@pytest.mark.parametrize(
    "text",
    [
        "This replaces your expired code: 481516",
        "Your priority code is 481516",
        "Your start code: 481516",
        "Enter 481516 to confirm your checkout",
        "Your code 481516 expires in 10 minutes",
        "Your code is 481516. Expired codes do not work.",
        "Thanks for the coupon, your code is 481516",
        "To change your old password, enter 481516",
        "Your code is 481516 - 100% safe",
        "Your code is 4815 for Wall Street",
    ],
)
def test_a_code_beside_such_words_is_one(text):
    """The words are about something else."""
    assert find_code(text) in ("481516", "4815")


AMOUNTS = [
    "5000 yen", "5000 Kč", "5000,- Kč", "1234 zł", "1234 złotych", "5000 руб.",
    "5000 рублей", "5000 р.", "5000 baht", "S/ 5000", "S/. 5000", "5000 TL",
    "5000 lei", "5000 Ft", "5000 ft.", "5000 kr", "5000 kr.", "5000:- kr", "5000:-",
    "5000,-", "5000.-", "Fr. 5000", "5000 Fr.", "5000 francs", "5000 грн",
    "5000 гривень", "5000 лв.", "5000 din.", "5000 HUF", "RON 5000", "5000 CZK",
    "AED 5000", "SAR 5000", "5000 KRW", "5000 won", "5000 원", "5000円", "5000元",
    "5000 ريال", "5000 درهم", "5000 جنيه", "5000 rupees", "₹ 5000", "Rs 5000",
    "Rs. 5000", "5000 रुपये", "5000 ฿", "5000 บาท", "5000 đ", "5000 đồng", "5000 VND",
    "Rp 5000", "Rp. 5000", "RM 5000", "S$5000", "HK$ 5000", "US$ 5000", "5000 pesos",
    "MXN 5000", "5000 pounds", "5000 dollar", "5000 Euro", "5000 euroa",
    "5000 kronor", "5000 kroner", "5000 korun", "5000 forint", "5000 lira",
    "5000 ש\"ח", "5000 ₪", "5000 reais", "R$ 5000", "R 5000", "5000 rand", "￥5000",
    "5000 USDT", "5000 bitcoin", "5000 Mio. Euro", "5000 million dollars",
    "5000\xa0€", "€5000", "EUR 5000", "5000 pence", "5000 ct", "5000 kuruş",
    "5000 tenge", "5000 ₸", "5000 ден", "5000 ευρώ", "5000 евро", "5000 долларов",
    "5000 shekels", "5000 dirhams", "5000 riyals", "KES 5000", "Ksh 5000",
    "5000 naira", "5000 EGP", "PHP 5000", "5000 pesetas", "5000 yuan",
]  # fmt: skip


@pytest.mark.parametrize("amount", AMOUNTS)
def test_an_amount_of_money_is_no_code(amount):
    """The currency is a sign, a code, an abbreviation or a name."""
    assert find_code(amount) is None
    assert find_code(f"{amount}\nPIN: 4815") == "4815"


@pytest.mark.parametrize(
    "text",
    [
        "Code: 335577 won't work twice",
        "Din kod: 335577 din vän",
        "Code 335577 for ALL of you",
        "Enter 335577 to pay 5000 yen",
        "335577 - your code",
        "5000 Kč\nKód: 335577",
        "Your code: 335577. Pounds are taken",
        "Is it 335577 europäisch",
        "Your code is 335577.-- \nThe shop",
    ],
)
def test_a_word_like_a_currency_is_none(text):
    """It is another word, or belongs to another sentence."""
    assert find_code(text) == "335577"


@pytest.mark.parametrize(
    "date", ["20261127", "19991231", "27112026", "11272026", "2026-1127", "٢٠٢٦١١٢٧"]
)
def test_a_date_of_eight_digits_is_a_code_only_if_it_is_called_one(date):
    """As a year is."""
    digits = find_code(f"Your code is {date}")
    assert find_code(f"Sent: {date}") is None
    assert find_code(date) is None
    assert digits is not None
    assert len(digits) == 8


@pytest.mark.parametrize("digits", ["20261327", "20261132", "18991127", "32112026"])
def test_eight_digits_that_are_no_date_may_be_a_code(digits):
    """There is no such month, day or century."""
    assert find_code(digits) == digits


SCRIPTS = [
    char
    for char in map(chr, range(sys.maxunicode))
    if char.isdecimal() and unicodedata.decimal(char) == 0
]  # the zero of each script that has decimal digits


@pytest.mark.parametrize("zero", SCRIPTS, ids=lambda zero: f"{ord(zero):04x}")
def test_a_code_may_be_written_in_the_digits_of_any_script(zero):
    """It is given in those of US-ASCII."""
    digits = "".join(chr(ord(zero) + int(digit)) for digit in "3355778")
    assert find_code(f"code: {digits}") == "3355778"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("رمز التحقق: ٣٣٥٥٧٧", "335577"),
        ("رمز التحقق: ٣٣٥ ٥٧٧", "335577"),
        ("رمز ٣٣٥٥٧٧ صالح لمدة ١٠ دقائق", "335577"),
        ("आपका कोड ३३५५७७ है", "335577"),
        ("รหัส ๓๓๕๕๗๗", "335577"),
        ("認証コード\uff1a３３５５７７", "335577"),
        ("١٢٣٤٫٥٠ و ٣٣٥٥٧٧", "335577"),
        ("١٬٢٣٤٬٥٦٧", None),
        ("٢٠٢٦/١١/٢٧", None),
        ("٢٠٢٦", None),
        ("x²³⁴⁵", None),
    ],
)
def test_numbers_in_other_scripts_are_judged_like_any(text, code):
    """Groups, amounts, dates, years; superscripts are no decimal digits."""
    assert find_code(text) == code


UNITS = [
    "9", "9 ", "9\n", "99999 ", "code 12345 ", "1234\n", "(1", "+", "a@", "@", "code ",
    "1.", "12345 code is ", "1 2 3 4 ", "zip ", "9-", "4815 is your code ", "x://",
    "٣", "٣ ", "5000 lei ", "R 5000 ", "5000,-", "20261127 ",
    "no. 12345 ", "code a b c for d 12345 ", "code for order: 12345 ",
    "x" * 60 + " 12345 ", "old code 12345 ", "old a b code a ", "5% off 12345 for ",
    "1234 A A A A ", "A-Straße 12345 ", "12345 for 1 ",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS)
def test_a_hostile_text_takes_no_time(unit, monkeypatch):
    """However many numbers it has. A quarter of the most takes a quarter of it."""
    monkeypatch.setattr(codes, "_MOST", codes._MOST // 4)
    start = time.process_time()
    find_code(unit * (LONG // len(unit)))
    assert time.process_time() - start < SECONDS


@settings(max_examples=some(200), deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["code ", "order ", "481516", "2026", "1", " ", "\n", "-", "#", "(", "+1"]
        )
        | st.text(max_size=4),
        max_size=30,
    ).map("".join)
)
def test_a_code_is_always_digits(text):
    """Four to eight, or there is none."""
    code = find_code(text)
    assert code is None or (code.isdecimal() and 4 <= len(code) <= 8)


BESIDE_OTHERS = [
    "booking code 889900, one-time code 4711",
    "one-time code 4711, booking code 889900",
    "Booking code: 889900\nOne-time code: 4711",
    "Your booking code is 889900. Your one-time code is 4711.",
    "reservation code 889900, login code 4711",
    "confirmation code 889900, one-time code 4711",
    "Booking reference 889900; verification code 4711",
    "access code 889900 for the door, one-time code 4711",
    "Order code 889900, security code 4711",
    "Invoice code 889900, security code 4711",
    "employee code 889900, OTP 4711",
    "Store code 889900, OTP 4711",
    "branch code 889900, OTP 4711",
    "company code 889900, OTP 4711",
    "location code 889900, OTP 4711",
    "parcel code 889900, OTP 4711",
    "ticket code 889900, OTP 4711",
    "student code 889900, OTP 4711",
    "Your PNR code 889900, PIN 4711",
    "article code 889900, PIN 4711",
    "SKU code 889900, PIN 4711",
    "invite code 889900, PIN 4711",
    "invitation code 889900, PIN 4711",
    "affiliate code 889900, PIN 4711",
    "tax code 889900, PIN 4711",
    "VAT code 889900, PIN 4711",
    "SWIFT code 889900, PIN 4711",
    "Buchungscode 889900, Einmalcode 4711",
    "Einmalcode 4711, Buchungscode 889900",
    "Buchungscode: 889900\nEinmalcode: 4711",
    "Bestellcode 889900, Sicherheitscode 4711",
    "Kundencode 889900, Bestätigungscode 4711",
    "Gutscheincode 889900, TAN 4711",
    "Aktionscode 889900, TAN 4711",
    "Sendungscode 889900, Einmalpasswort 4711",
    "Artikelcode 889900, PIN 4711",
    "Reservierungscode 889900, Einmalcode 4711",
    "Buchungsnummer 889900, Einmalcode 4711",
    "Code de réservation 889900, code à usage unique 4711",
    "code à usage unique 4711, code de réservation 889900",
    "Code de commande 889900, code de vérification 4711",
    "Code client 889900, code de vérification 4711",
    "Code postal 75001, code de vérification 4711",
    "Code promo 889900, code de sécurité 4711",
    "Código de reserva 889900, código de un solo uso 4711",
    "código de un solo uso 4711, código de reserva 889900",
    "Código postal 28001, código de verificación 4711",
    "Código de pedido 889900, código de verificación 4711",
    "Código de cliente 889900, código de seguridad 4711",
    "Código de seguimiento 889900, código de seguridad 4711",
    "Código promocional 889900, código de seguridad 4711",
    "予約コード 889900、ワンタイムコード 4711",
    "ワンタイムパスワード 4711、予約番号 889900",
    "予約番号: 889900\n認証コード: 4711",
    "注文コード 889900、認証コード 4711",
    "郵便番号 100-0001、認証コード 4711",
    "お問い合わせ番号 889900、確認コード 4711",
    "追跡番号 889900、確認コード 4711",
    "商品コード 889900、確認コード 4711",
    "電話番号 0312345678、確認コード 4711",
    "会員番号 889900、確認コード 4711",
    "Tracking number 889900, code 4711",
    "Sendungsnummer 889900, Code 4711",
    "Numéro de suivi 889900, code 4711",
    "Número de seguimiento 889900, código 4711",
    "Date 20261127, code 4711",
    "27.11.2026 code 4711",
    "le 27/11/2026, code 4711",
    "2026年11月27日 認証コード 4711",
    "Tel. 030 889900, Code 4711",
    "Tél. 01 23 45 67 89, code 4711",
    "Teléfono 912 345 678, código 4711",
    "Amount 1299.00 EUR, code 4711",
    "Betrag 1299 EUR, TAN 4711",
    "Montant 1299 €, code 4711",
    "Importe 1299 €, código 4711",
    "金額 12000円、認証コード 4711",
    "¥12000 認証コード 4711",
    "Your code is 4711. Booking code 889900.",
    "4711 is your one-time code for booking 889900",
    "Use code 4711 to confirm booking code 889900",
    "4711 is your one-time code. Your booking code is 889900.",
    "Your booking code 889900 is confirmed. Enter 4711 to sign in.",
    "Backup code 12345678, one-time code 4711",
    "Recovery code 12345678, one-time code 4711",
    "meeting ID 889900, passcode 4711",
    "Conference code 889900, PIN 4711",
    "One-time code: 4711 (booking code: 889900)",
    "One-time code 4711 expires in 10 minutes; booking code 889900 stays valid",
    "Confirmation code 4711",
    "Your access code: 4711",
    "Your pickup code is 4711",
    "Zugangscode 4711",
    "Bestätigungscode für Buchung 889900: 4711",
]


@pytest.mark.parametrize("text", BESIDE_OTHERS)
def test_a_one_time_code_wins_against_other_codes_and_numbers(text):
    """Those of bookings and customers, dates, prices and telephone numbers."""
    assert find_code(text) == "4711"


@pytest.mark.parametrize(
    "text", ["Booking code 889900", "Buchungscode 889900", "予約コード 889900"]
)
def test_the_only_code_of_a_mail_is_found(text):
    """Though it is not called a one-time code."""
    assert find_code(text) == "889900"
