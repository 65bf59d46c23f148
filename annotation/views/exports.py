"""A recording to take out of the house, without what tells who a patient is."""

from tempfile import TemporaryFile
from uuid import UUID

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.requests import person
from annotation.services.exports import recording_export
from annotation.views.loading import recording_of


@require_POST
def recording_export_zip(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Built on the disk, a segment at a time, and sent from there."""
    recording = recording_of(person(request), uuid)
    # Has no name: gone when it is sent, or when we die. The response closes it.
    archive = TemporaryFile(dir=settings.DATA_DIR)  # noqa: SIM115
    try:
        recording_export(user=person(request), recording=recording, target=archive)
    except BaseException:
        archive.close()
        raise
    archive.seek(0)
    name = f"auscult-{timezone.localtime():%Y%m%d-%H%M}.zip"
    return FileResponse(archive, as_attachment=True, filename=name, content_type="application/zip")  # type: ignore[return-value]
