"""Passwords as they are stored: `scrypt$n$r$p$salt$hash`, by hashlib.scrypt at the least cost that OWASP advises."""

import base64
import hashlib
import hmac
import os

_N, _R, _P = 2**14, 8, 5
_MEMORY = 64 * 1024 * 1024


def hash_password(password: str) -> str:
    """What to store. Takes a quarter of a second, without the interpreter's lock."""
    salt = os.urandom(16)
    derived = _derive(password, salt, _N, _R, _P)
    return "$".join(("scrypt", str(_N), str(_R), str(_P), _text(salt), _text(derived)))


def is_password(password: str, stored: str) -> bool:
    """Whether `stored` was made of this password. As slow as making it."""
    _, n, r, p, salt, derived = stored.split("$")
    found = _derive(password, base64.b64decode(salt), int(n), int(r), int(p))
    return hmac.compare_digest(found, base64.b64decode(derived))


def _derive(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MEMORY, dklen=32)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
