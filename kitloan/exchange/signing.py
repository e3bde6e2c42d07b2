"""The key with which a college signs its files: Ed25519, made once, kept in the college's store.

A signature says that a file was made with the store of that college, and not on the way. It does
not say that the store was not altered: for that ESP keeps the last head that it saw.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection, select, text

from kitloan.models import Setting, table

setting = table(Setting)

_NAME = "signing_key"
_KEEP_FIRST = text(
    "INSERT INTO setting (college, name, value) VALUES (:college, :name, :value) "
    "ON CONFLICT (college, name) DO NOTHING"
)


def signing_key(connection: Connection, college: str) -> Ed25519PrivateKey | None:
    """The college's key; None when it has none."""
    kept = connection.execute(
        select(setting.c.value).where(setting.c.college == college, setting.c.name == _NAME)
    ).scalar()
    return None if kept is None else Ed25519PrivateKey.from_private_bytes(bytes.fromhex(kept))


def new_signing_key(connection: Connection, college: str) -> Ed25519PrivateKey:
    """The college's key, made now unless it has one; of two made at the same moment, the first."""
    made = Ed25519PrivateKey.generate()
    connection.execute(
        _KEEP_FIRST, {"college": college, "name": _NAME, "value": made.private_bytes_raw().hex()}
    )
    return signing_key(connection, college) or made


def public_key(key: Ed25519PrivateKey) -> str:
    """The half of a key that everybody may know, in hexadecimal."""
    return key.public_key().public_bytes_raw().hex()


def is_signed(text: bytes, key: str, signature: str) -> bool:
    """Whether `signature` on `text` was made with the private half of `key`."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(
            bytes.fromhex(signature), text
        )
    except (ValueError, InvalidSignature):
        return False
    return True


def fingerprint(key: str) -> str:
    """A key as two people compare it on the telephone."""
    return " ".join(key[at : at + 4] for at in range(0, 16, 4))
