"""Serves wavesurfer.js and its plugins from the installed Python package, without importing it."""

from importlib.util import find_spec
from pathlib import Path

from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import get_files
from django.core.files.storage import FileSystemStorage


class WavesurferFinder(BaseFinder):
    """`{% static 'wavesurfer/wavesurfer.min.js' %}` -> the wheel's `js/` folder."""

    prefix = "wavesurfer"

    def __init__(self, *args: object, **kwargs: object) -> None:
        spec = find_spec("wavesurfer")
        root = Path(spec.origin).parent / "js" if spec and spec.origin else None
        self.storage = FileSystemStorage(location=str(root)) if root else None
        if self.storage:
            self.storage.prefix = self.prefix  # type: ignore[attr-defined]

    def find(self, path, find_all=False, **_):  # type: ignore[no-untyped-def]
        if self.storage and path.startswith(f"{self.prefix}/"):
            name = path.removeprefix(f"{self.prefix}/")
            if self.storage.exists(name):
                found = self.storage.path(name)
                return [found] if find_all else found
        return []

    def list(self, ignore_patterns):  # type: ignore[no-untyped-def]
        """Every file, plugins too: whitenoise asks once at the start."""
        if self.storage:
            for name in get_files(self.storage, ignore_patterns):
                yield name, self.storage
