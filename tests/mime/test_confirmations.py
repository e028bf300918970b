"""Codes that confirm an order or an account, and the numbers of these."""

# ruff: noqa: RUF001 -- other scripts are what is read here.

from __future__ import annotations

import pytest

from lazr_smtptest.mime.codes import find_code

CODES = [
    "Код подтверждения заказа: 481516",
    "Код подтверждения вашего заказа: 481516",
    "Код для заказа: 481516",
    "Kod potwierdzający zamówienie: 481516",
    "Kod potwierdzenia zamówienia: 481516",
    "Potvrzovací kód objednávky: 481516",
    "Bestätigungscode der Bestellung: 481516",
    "Code zur Bestätigung der Bestellung: 481516",
    "Code de confirmation de la commande : 481516",
    "Code de confirmation de votre commande : 481516",
    "Código de confirmación del pedido: 481516",
    "Código de confirmación de tu pedido: 481516",
    "Código de confirmação da encomenda: 481516",
    "Codice di conferma dell'ordine: 481516",
    "Codice di conferma ordine: 481516",
    "Order confirmation code: 481516",
    "Order verification code: 481516",
    "Account verification code: 481516",
    "Account confirmation code: 481516",
    "Confirm your account\n\n481516\n",
    "Confirm your account\n481516\n",
    "Confirm your email address\n\n481516",
    "Verify your account\n\n481516",
    "Activate your account\n\n481516",
    "Bestätigen Sie Ihr Konto\n\n481516",
    "Bestätige deine Bestellung\n\n481516",
    "Confirmez votre compte\n\n481516",
    "Confirmez votre commande\n\n481516",
    "Confirma tu cuenta\n\n481516",
    "Confirma tu pedido\n\n481516",
    "Conferma il tuo account\n\n481516",
    "Подтвердите ваш аккаунт\n\n481516",
    "Подтвердите заказ\n\n481516",
    "Potwierdź zamówienie\n\n481516",
    "認証コード（ご注文）：481516",
    "ご注文の確認コード：481516",
    "订单验证码：481516",
    "订单确认码：481516",
    "주문 확인 코드: 481516",
    "Siparişinizin onay kodu: 481516",
    "Sipariş onay kodu: 481516",
]
NUMBERS = [
    "Номер заказа: 481516",
    "Заказ 481516",
    "Заказ №481516 подтвержден",
    "Zamówienie 481516",
    "Your account\n\n481516",
    "Your account number\n\n481516",
    "Account\n481516",
    "Order\n481516",
    "Your order\n\n481516",
    "Confirm your order 481516",
    "Confirm your order number 481516",
    "Confirm your booking reference\n481516",
    "Order confirmation\n\n481516",
    "Order confirmation 481516",
    "Your order confirmation number: 481516",
    "Подтверждение заказа 481516",
    "Bestellbestätigung 481516",
    "Confirmation de commande 481516",
    "Confirm order\n#481516",
    "注文番号：481516",
    "订单号：481516",
    "주문번호: 481516",
]


@pytest.mark.parametrize("text", CODES)
def test_a_code_of_a_confirmation_is_one(text: str) -> None:
    """Whatever it confirms, in the line or in the heading above it."""
    assert find_code(text) == "481516"


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_of_what_is_confirmed_is_no_code(text: str) -> None:
    """A word for a confirmation beside it does not make it one."""
    assert find_code(text) is None


@pytest.mark.parametrize("text", CODES)
def test_a_code_of_a_confirmation_wins(text: str) -> None:
    """Against the number of an order, before it or after it."""
    assert find_code(f"Order no. 778899\n\n{text}") == "481516"
    assert find_code(f"{text}\n\nOrder no. 778899") == "481516"
