"""Words for numbers that are no codes: of an order, an invoice, a customer."""

from __future__ import annotations

import re

__all__ = ["IDENTIFIER", "ends_with_number_sign", "without_abbreviations"]

# Stems, by language; a word may go on with any letters.
_STEMS = """
auftr bestell rechnung buchung sendung vertrag vorgang lieferung reservierung
mitglied aktenzeichen quittung
réservation référence dossier colis contrat téléphone
reserva referencia referência envío teléfono póliza recibo
prenotazion biglietto riferimento spedizion ricevuta fattur ordine ordini
encomenda fatura
bestelling factuur klant boeking zending reservering
zamówieni zamowieni faktur klient rezerwacj przesyłk umow
objednáv zákazní zásilk smlouv rezervac
beställning kundnum bokning försändelse ärende
ordre kundenum forsendelse
tilaus tilauks lasku asiakas asiakka varaus varauks lähety
заказ счет счёт накладн квитанц договор клиент брон
замовлен рахун
sipariş müşteri rezervasyon sözleşme
rendelés számla ügyfél foglalás
comand
παραγγελ τιμολ
"""
# Whole words; many of them begin other words, or are short.
_WORDS = """
acc acct a/c inv ref ord cust kd kto rg tlf tél tel facture factura pedido commande
order ordre
"""
# Words that also stand in a heading above a code: only the number of one is meant.
_OWNED = (
    r"\b(?:no|n[úu]mero|num[ée]ro)\s+(?:d\w{1,3}\s+)?"
    r"(?:cuenta|conta|conto|compte|client[ei]?|usuario)\b"
)
# Words of scripts that are written without spaces, or with prefixes.
_UNSPACED = """
订单 訂單 发票 發票 客户 客戶 运单 運單 快递单 工单 账号: 帳號:
注文 請求書 発票 伝票 お客様番号 会員番号 口座番号 予約番号 受付番号 電話
주문 송장 계좌 고객번호 예약번호 운송장 회원번호
الطلب طلبك فاتورة الفاتورة ऑर्डर चालान ग्राहक
הזמנה חשבונית
"""
# Compounds: Kundennummer, Klantnr., ordernummer, tilausnumero, asiakasnro.
# But not PIN-Nr., Codenummer, Sicherheitsnummer.
_COMPOUND = (
    r"(?!\w*(?:code|kode|kod|pin|tan|otp|verifi\w+|sicherheits|bestätigungs|"
    r"säkerhets|bekräftelse|sikkerheds|sikkerhets)-?n)"
    r"\w{2,}(?:-?nummer|-?nr|numero|nro)"
)

IDENTIFIER = "|".join(
    [
        # Not "Buchungscode": that is a code.
        rf"\b(?:{'|'.join(_STEMS.split())})(?!\w*(?:code|kode|koden|kod|koodi)\b)\w*",
        rf"\b(?:{'|'.join(_WORDS.split())})\b",
        *_UNSPACED.split(),
        rf"\b{_COMPOUND}\b",
        _OWNED,
    ]
)

_ABBREVIATION = re.compile(
    r"(?i)\b(no|nr|n|nro|num|núm|č|čís|sz|acc|acct|inv|ref|ord|cust|tel|tél|tlf|kd|kto|"
    r"best|rg|art|obj|zam|\w{3,20}nr)\.(?:-(?=n))?"
)
_SIGN = re.compile(r"(?i)№|\bn\.?\s?[º°]")
_NUMBER_SIGN = re.compile(r"(?i)\b(?:no|nr|n|nro|num|núm|č|čís|sz)\W*\Z")


def without_abbreviations(text: str) -> str:
    """Return a text without the full stops that end an abbreviation, not a sentence.

    The signs of a number, as the numero sign, become ``no``.
    """
    return _ABBREVIATION.sub(r"\1 ", _SIGN.sub(" no ", text))


def ends_with_number_sign(text: str, start: int) -> bool:
    """Return whether ``no``, or what means it, ends a text.

    Args:
        text: see `without_abbreviations`.
        start: the end of a word for a code; if nothing is between it and ``no``, this
            is the number of the code.
    """
    found = _NUMBER_SIGN.search(text)
    if found is None:
        return False
    return not start or re.search(r"\w", text[start : found.start()]) is not None
