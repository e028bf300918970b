"""The names of charsets, as data (WHATWG Encoding Standard section 4.2).

The first word of a line is the encoding, the others are its labels. An encoding is
its own label. A second table has the names that mail uses and the standard lacks.
"""

from __future__ import annotations

import re
from encodings.aliases import aliases

__all__ = ["encoding_of"]

_LONGEST = 64
_PUNCTUATION = re.compile(r"[^a-z0-9]+")

# In a browser hz-gb-2312 and iso-2022-kr decode to nothing. In mail they are charsets
# (RFC 1843, RFC 1557); iso-2022-cn is left out, because Python has no decoder for it.
_WHATWG = """
utf-8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf8 x-unicode20utf8
ibm866 866 cp866 csibm866
iso-8859-2 csisolatin2 iso-ir-101 iso8859-2 iso_8859-2 iso_8859-2:1987 l2 latin2
iso-8859-3 csisolatin3 iso-ir-109 iso8859-3 iso_8859-3 iso_8859-3:1988 l3 latin3
iso-8859-4 csisolatin4 iso-ir-110 iso8859-4 iso_8859-4 iso_8859-4:1988 l4 latin4
iso-8859-5 csisolatincyrillic cyrillic iso-ir-144 iso8859-5 iso_8859-5:1988
iso-8859-6 arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114
iso-8859-6 iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 iso_8859-6:1987
iso-8859-7 csisolatingreek ecma-118 elot_928 greek greek8 iso-ir-126 iso8859-7
iso-8859-7 iso_8859-7:1987 sun_eu_greek
iso-8859-8 csiso88598e csisolatinhebrew hebrew iso-8859-8-e iso-ir-138 iso8859-8
iso-8859-8 iso_8859-8:1988 visual
iso-8859-8-i csiso88598i logical
iso-8859-10 csisolatin6 iso-ir-157 iso8859-10 l6 latin6
iso-8859-13 iso8859-13
iso-8859-14 iso8859-14
iso-8859-15 csisolatin9 iso8859-15 iso_8859-15 l9
iso-8859-16
koi8-r cskoi8r koi koi8
koi8-u koi8-ru
macintosh csmacintosh mac x-mac-roman
windows-874 dos-874 iso-8859-11 iso8859-11 tis-620
windows-1250 cp1250 x-cp1250
windows-1251 cp1251 x-cp1251
windows-1252 cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1
windows-1252 iso_8859-1:1987 l1 latin1 x-cp1252
windows-1253 cp1253 x-cp1253
windows-1254 cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso_8859-9:1989
windows-1254 l5 latin5 x-cp1254
windows-1255 cp1255 x-cp1255
windows-1256 cp1256 x-cp1256
windows-1257 cp1257 x-cp1257
windows-1258 cp1258 x-cp1258
x-mac-cyrillic x-mac-ukrainian
gb18030 gbk chinese csgb2312 csiso58gb231280 gb2312 gb_2312-80 iso-ir-58 x-gbk
hz-gb-2312
big5 big5-hkscs cn-big5 csbig5 x-x-big5
euc-jp cseucpkdfmtjapanese x-euc-jp
iso-2022-jp csiso2022jp
iso-2022-kr csiso2022kr
shift_jis csshiftjis ms932 ms_kanji sjis windows-31j x-sjis
euc-kr cseuckr csksc56011987 iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989
euc-kr ksc5601 windows-949
utf-16be unicodefffe
utf-16le csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16
x-user-defined
"""

# US-ASCII is an encoding of its own here, so that bytes outside of it are reported.
_OF_MAIL = """
us-ascii ansi_x3.4-1968 ascii iso646-us iso-ir-6 646
utf-7 unicode-1-1-utf-7 csunicode11utf7 unicode11utf7 u7
utf-8 utf8mb3 utf8mb4 utf-8-sig utf-8-bom cp65001 u8
utf-32 ucs-4 iso-10646-ucs-4
utf-32be
utf-32le
windows-1252 latin-1 l-1 8859 8859-1 ansi
iso-8859-16 latin10 l10 iso-ir-226
iso-8859-13 latin7 l7
iso-8859-14 latin8 l8
iso-8859-15 latin9 latin-9 latin0
iso-8859-8-i dos-862-i
windows-874 cp874 ms874 iso-ir-166 thai
gb18030 cp936 ms936 windows-936 euc-cn x-euc-cn cn-gb
hz-gb-2312 hz hzgb
big5 cp950 ms950 windows-950 big5-eten x-windows-950
shift_jis cp932 windows-932 x-ms-cp932 csshift-jis shift-jis-2004 sjis-win
euc-jp eucjp-ms eucjp-win cp51932 ujis x-eucjp-ms
iso-2022-jp iso-2022-jp-1 iso-2022-jp-2 iso-2022-jp-3 iso-2022-jp-2004
iso-2022-jp iso-2022-jp-ext iso-2022-jp-ms cp50220 cp50221 cp50222 iso-2022-jp-esc
euc-kr cp949 ms949 uhc x-windows-949
johab cp1361 ms1361
"""

# Charsets of one byte a character for which Python has several names.
_SINGLE_BYTE = """
cp437 cp720 cp737 cp775 cp850 cp852 cp855 cp856 cp857 cp858 cp860 cp861 cp862 cp863
cp864 cp865 cp869 cp1006 cp1125 hp_roman8 kz1048 ptcp154 koi8_t mac_arabic mac_croatian
mac_farsi mac_greek mac_iceland mac_latin2 mac_romanian mac_turkish
"""


def encoding_of(label: str) -> str:
    """Return the encoding for the name of a charset.

    Case, white space and punctuation do not matter, so ``cp-850``, ``UTF_8`` and
    ``"utf-8";`` are known.

    Returns:
        the encoding, such as ``windows-1252`` for ``iso-8859-1``; ``""`` for a name
        that is unknown, or longer than 64 characters.
    """
    if len(label) > _LONGEST:
        return ""
    return _ENCODINGS.get(_squeezed(label), "")


def _squeezed(label: str) -> str:
    return _PUNCTUATION.sub("", label.lower())


def _read_table() -> dict[str, str]:
    encodings: dict[str, str] = {}
    for line in (_WHATWG + _OF_MAIL).split("\n"):
        for label in line.split():
            encodings[_squeezed(label)] = line.split()[0]
    for number in range(1250, 1259):
        encodings[f"win{number}"] = encodings[f"ms{number}"] = f"windows-{number}"
    single = set(_SINGLE_BYTE.split())
    for codec in single:
        encodings.setdefault(_squeezed(codec), codec)
    for alias, codec in aliases.items():
        if codec in single:
            encodings.setdefault(_squeezed(alias), codec)
    return encodings


_ENCODINGS = _read_table()
