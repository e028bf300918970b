"""Make the file of lit that the page loads: python workshop/vendor_lit.py

Needs npm and its registry. The versions are fixed here; the same versions make the same
bytes, and their SHA-256 is written into lit.sha256, which a test compares.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

LIT = "3.3.3"
ESBUILD = "0.28.2"

HERE = Path(__file__).parent
VENDOR = HERE.parent / "lazr_smtptest/readers/http/page/static/vendor"

# What the page uses of it, and nothing else.
ENTRY = """\
export { LitElement, html, nothing } from "lit";
export { repeat } from "lit/directives/repeat.js";
"""

# The style sheets of the page are those of its document: no element has its own.
STYLES = "node_modules/@lit/reactive-element/css-tag.js"
NO_STYLES = """\
export const getCompatibleStyle = (style) => style;
export const adoptStyles = () => {};
export const css = () => {};
export const unsafeCSS = css;
export const supportsAdoptingStyleSheets = true;
export class CSSResult {}
"""

BANNER = f"/* lit {LIT}, BSD-3-Clause, see lit.LICENSE.txt; workshop/vendor_lit.py */"


def main() -> None:
    """Write the bundle, its licence and its hash."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "entry.js").write_text(ENTRY)
        packages = [f"lit@{LIT}", f"esbuild@{ESBUILD}"]
        subprocess.run(["npm", "install", "--silent", *packages], cwd=work, check=True)
        (work / STYLES).write_text(NO_STYLES)
        subprocess.run(
            [
                *("node_modules/.bin/esbuild", "entry.js", "--bundle", "--minify"),
                *("--format=esm", "--legal-comments=none", f"--banner:js={BANNER}"),
                "--outfile=lit.js",
            ],
            cwd=work,
            check=True,
        )
        shutil.copyfile(work / "lit.js", VENDOR / "lit.js")
        licence = work / "node_modules/lit/LICENSE"
        shutil.copyfile(licence, VENDOR / "lit.LICENSE.txt")
    digest = hashlib.sha256((VENDOR / "lit.js").read_bytes()).hexdigest()
    (HERE / "lit.sha256").write_text(f"{digest}  lit.js\n")
    print(digest)


if __name__ == "__main__":
    main()
