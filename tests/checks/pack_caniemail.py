"""Pack the data of caniemail.com: ``python tests/checks/pack_caniemail.py FILE``.

The file is the archive that ``npm pack caniemail`` downloads, or the JSON document
that is in it, which caniemail.com publishes, too.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tarfile
import zlib
from pathlib import Path

from lazr_smtptest.checks.support import DATA

_NOTICE = """\
caniemail.json.zlib is the data of https://www.caniemail.com, which tells which mail
programs support which features of HTML and CSS, compressed by zlib.

Source:  {source}
Date:    {date}
SHA-256: {hash} (of the JSON document)

python tests/checks/pack_caniemail.py writes both files anew.

{licence}"""

_LICENCE = """\
MIT License

Copyright (c) 2019 HTeuMeuLeu (the data)
Copyright (c) Avi Goldman, Andrew Powell (the npm package)

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""


def read_source(path: Path) -> tuple[bytes, str]:
    """Return the JSON document in a file, and the description of its source."""
    if path.suffix == ".json":
        return path.read_bytes(), path.name
    with tarfile.open(path) as archive:
        package = json.loads(_member(archive, "package/package.json"))
        document = _member(archive, "package/data/caniemail.json")
    return document, f"npm package {package['name']} {package['version']}"


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise ValueError(f"{name} is no file")
    return file.read()


def main(arguments: list[str]) -> None:
    """Write the data and its notice."""
    if len(arguments) != 1:
        raise SystemExit("usage: pack_caniemail.py caniemail.tgz|caniemail.json")
    document, source = read_source(Path(arguments[0]))
    notice = _NOTICE.format(
        source=source,
        date=json.loads(document)["last_update_date"],
        hash=hashlib.sha256(document).hexdigest(),
        licence=_LICENCE,
    )
    DATA.write_bytes(zlib.compress(document, 9))
    DATA.with_name("caniemail.txt").write_text(notice, "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
