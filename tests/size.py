"""`python tests/size.py MB`: fail when this environment's site-packages, without pip and setuptools, are larger."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

LEFT_OUT = ("pip", "setuptools", "pkg_resources", "_distutils_hack")


def site_packages_bytes() -> int:
    folder = Path(sysconfig.get_paths()["purelib"])
    return sum(
        path.stat().st_size
        for top in folder.iterdir()
        if not top.name.startswith(LEFT_OUT)
        for path in ([top] if top.is_file() else top.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    )


if __name__ == "__main__":
    allowed = int(sys.argv[1])
    found = site_packages_bytes() / 2**20
    print(f"site-packages: {found:.1f} MB of at most {allowed} MB")
    raise SystemExit(found > allowed)
