"""The vendors' own clients, unmodified, from PyPI: each in a virtual environment of its own, made once.

They lie under AUSCULT_SDK_ENVIRONMENTS (var/sdk-environments when it is not set), named by what is in them.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

SECONDS = 180


@dataclass(frozen=True)
class Environment:
    """`alone`: without what they depend on. `borrows`: takes numpy, scipy and av from our own environment,
    which they do not pin; `stand_ins`: modules that cannot be installed and are not used here."""

    name: str
    packages: tuple[str, ...]
    alone: tuple[str, ...] = ()
    borrows: bool = False
    stand_ins: tuple[tuple[str, str], ...] = ()

    @property
    def folder(self) -> Path:
        """Named by what is in it, so that another pin makes another one."""
        root = os.environ.get("AUSCULT_SDK_ENVIRONMENTS") or Path(settings.BASE_DIR) / "var/sdk-environments"
        contents = hashlib.sha256(repr((self, sys.version)).encode()).hexdigest()[:12]
        return Path(root).resolve() / f"{self.name}-{contents}"

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"


OPENAI = Environment("openai", ("openai[realtime]==3.57.0",))
DEEPGRAM = Environment("deepgram", ("deepgram-sdk==7.17.0",))
# The package pulls torch and more for its server. PyAudio is a C extension for microphones and loudspeakers.
WHISPERLIVE = Environment(
    "whisperlive",
    ("websocket-client",),
    alone=("whisper-live==0.10.0",),
    borrows=True,
    stand_ins=(
        (
            "pyaudio.py",
            "paInt16 = 8\n\n\nclass PyAudio:\n    def open(self, **_):\n        raise OSError('none here')\n",
        ),
    ),
)


def ready(environment: Environment) -> Path:
    """-> its python. Skips the test where the packages cannot be had."""
    if not environment.python.exists():
        _make(environment)
    return environment.python


def _make(environment: Environment) -> None:
    """In a folder of its own name first: half an environment is none."""
    draft = environment.folder.with_name(f"{environment.folder.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    venv.create(draft, with_pip=False)
    _install(draft, *environment.packages)
    if environment.alone:
        _install(draft, "--no-deps", *environment.alone)
    site_packages = next(draft.glob("lib/python3*/site-packages"))
    for name, source in environment.stand_ins:
        (site_packages / name).write_text(source)
    if environment.borrows:
        (site_packages / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    try:
        draft.rename(environment.folder)
    except OSError:  # another process was faster
        shutil.rmtree(draft)


def _install(folder: Path, *packages: str) -> None:
    command = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet"]
    done = subprocess.run(
        [*command, "--disable-pip-version-check", *packages], capture_output=True, text=True, timeout=SECONDS
    )
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"{', '.join(packages)} cannot be installed from PyPI here: {done.stderr[-300:]}")
