"""The settings of a Django project that has nothing but mail."""

import django

SECRET_KEY = "not a secret"
USE_TZ = True
DEFAULT_FROM_EMAIL = "shop@example.com"

if django.VERSION >= (6, 1):
    MAILERS = {"default": {"OPTIONS": {"host": "mail.example.com"}}}
else:
    EMAIL_HOST = "mail.example.com"
