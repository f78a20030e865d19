"""Compares names of columns without case, spaces, punctuation, Unicode form and text in brackets."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MAX_COMPARED = 1_000
"""Characters of a name that are compared. Cells are compared as well, to find the header, and may have megabytes."""


@lru_cache(maxsize=10_000)
def plain_name(name: str) -> str:
    """A column name in the form that is compared: ``Price (net)`` and ``Price [net]`` are ``price``, and ``Größe`` is
    ``grösse``. A number in square brackets is kept."""
    name = re.sub(r"^g:", "", unicodedata.normalize("NFKC", name[:MAX_COMPARED]).strip().casefold())
    bare = re.sub(r"\([^()]*\)|\[[^\[\]\d]*\]", "", name)
    return re.sub(r"[\W_]+", "", bare) or re.sub(r"[\W_]+", "", name)


def whole_name(name: str) -> str:
    """The same, with the text in brackets."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name[:MAX_COMPARED]).casefold())


@lru_cache(maxsize=10_000)
def folded(name: str) -> str:
    """A plain name without the accents of Latin letters: ``nazev`` for ``název``."""
    parts = unicodedata.normalize("NFD", name)
    bare = re.sub(r"(?<=[a-z])[\u0300-\u036f]+", "", parts).replace("ł", "l").replace("ı", "i").replace("đ", "d")
    return unicodedata.normalize("NFC", bare)


LANGUAGES = "ar|bg|cs|da|de|el|en|es|et|fi|fr|he|hr|hu|it|ja|ko|lt|lv|nb|nl|pl|pt|ro|ru|sk|sl|sv|tr|uk|zh"
"""Codes of languages (ISO 639-1), except those that are also words of column names: ``is``, ``id`` and ``no``."""
CURRENCIES = (
    "aed|ars|aud|bgn|brl|cad|chf|clp|cny|cop|czk|dkk|eur|gbp|hkd|huf|idr|ils|inr|isk|jpy|krw|mxn|myr|nok|nzd|pen|php|"
    "pln|ron|rub|sar|sek|sgd|thb|try|twd|uah|usd|vnd|zar"
)
"""Codes of currencies (ISO 4217) that column names contain."""
_LOCALE = re.compile(
    rf"^(?:{LANGUAGES}|us|gb)[._:-](?=\w)|(?<=\w)[\s._:#~-]+(?:{LANGUAGES})(?:[-_][a-z]{{2}}(?:[-_]\w+)?)?$",
    re.IGNORECASE,
)
_CURRENCY_WORDS = f"{CURRENCIES}|руб|грн|zł|kč|tl|lei|ft|лв|円|元"
_NAMESPACE = re.compile(r"^[a-z]{2,12}:(?=\w)", re.IGNORECASE)
"""The system before a name: ``salsify:updated_at``."""
ONE_LETTER = re.compile(r"^_?[a-z]_(?=[a-z]{2})", re.IGNORECASE)
"""The letter before all names of some systems: ``p_stock`` of Gambio, ``v_status`` of Zen Cart."""
_SIGNS = r"(?:us|ca|au|nz|hk|nt|mx|cn|jp|a|c|s|r)?[$€£¥₹₽₺₩₪]"
_CURRENCY = re.compile(
    rf"^(?:{CURRENCIES})[\s._-](?=\w)|(?<=\w)[\s.,_:-]+(?:(?:in|en|w|v|i|em|à)\s+)?(?:{_CURRENCY_WORDS}|{_SIGNS})\.?$",
    re.IGNORECASE,
)
_MONEY = re.compile(rf"(?<![^\W_])(?:{_CURRENCY_WORDS})(?![^\W_])|(?<![^\W_]){_SIGNS}|[$€£¥₹₽₺₩₪]", re.IGNORECASE)
_TAX = re.compile(
    r"[\s,._-]+(?:(?:in[ck]l|ex[ck]l|zzgl|ex|inc)\b\.?[\s_]*(?:vat|mwst|ust|tax|taxes|btw|moms|tva|iva|gst|dph)|ttc|ht)\b\.?",
    re.IGNORECASE,
)
"""The part of a name about taxes: ``Retail price incl. VAT``."""
_ABBREVIATIONS = {
    "act": "active", "actv": "active", "flg": "", "flag": "", "ind": "", "amt": "", "nm": "name", "num": "number",
    "nbr": "number", "clr": "color", "sz": "size", "cd": "code", "prc": "price", "rtl": "retail", "cst": "cost",
    "vndr": "vendor", "vend": "vendor", "vnd": "vendor", "supp": "supplier", "splr": "supplier", "oh": "onhand",
    "inv": "inventory", "avl": "available", "crt": "created", "upd": "updated", "dt": "date", "ts": "date",
    "img": "image", "sts": "status", "stat": "status", "mfg": "manufacturer", "brnd": "brand", "prod": "product",
    "desc": "description", "txt": "",
    "descr": "description",
}  # fmt: skip
"""Parts of the names that databases use: ``OH_QTY``, ``UNIT_CST``, ``ACTV_FLG``."""
_OWNERS = (
    "productvariation", "products", "product", "variation", "variant", "item", "produkt", "artikel",
    "produit", "producto",
    "prodotto", "ox", "termék", "ürün",
)  # fmt: skip
"""Prefixes of names; OXID writes ``OXTITLE``."""
_OWNERS_BEHIND = (
    "delproducto", "deproducto", "delartículo", "doproduto", "duproduit", "delprodotto", "produktu", "товара",
    "product", "articolo", "artículo", "prodotto", "producto", "produto", "produit", "artikel", "towaru", "zboží",
)  # fmt: skip


def expanded(name: str) -> str:
    """A name of words between underscores without abbreviations: ``unit_cost`` for ``UNIT_CST``."""
    words = name.casefold().split("_")
    return "_".join(filter(None, (_ABBREVIATIONS.get(word, word) for word in words))) if words[1:] else name


@lru_cache(maxsize=10_000)
def shorter_names(name: str) -> tuple[str, ...]:
    """Plain names without owner, language, currency and tax: ``name-en_US`` is ``name``, ``price EUR`` and
    ``product_price`` are ``price``."""
    bases = list(dict.fromkeys((name[:MAX_COMPARED], expanded(name[:MAX_COMPARED]))))
    for pattern in (_LOCALE, _CURRENCY, _TAX, _NAMESPACE, ONE_LETTER):
        bases += [shorter for base in bases if (shorter := pattern.sub("", base.strip())) != base]
    plain = dict.fromkeys(map(plain_name, bases))
    without = [one.removeprefix(owner) for one in plain for owner in _OWNERS if one.startswith(owner)]
    without += [one.removesuffix(owner) for one in plain for owner in _OWNERS_BEHIND if one.endswith(owner)]
    return tuple(one for one in dict.fromkeys((*plain, *without)) if one)


def currency_in(name: str) -> str:
    """The currency in the name of a column of prices as written, such as EUR in ``price-EUR``; empty without one."""
    found = _MONEY.search(name)
    return found[0] if found else ""


def order(names: str) -> tuple[str, ...]:
    """Plain names that are separated by spaces, each once."""
    return tuple(dict.fromkeys(plain_name(name) for name in names.split()))


def group(names: str) -> frozenset[str]:
    """Plain names that are separated by spaces."""
    return frozenset(order(names))
