"""The admin of rows that only services write: looked at by role, changed by nobody."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import Role
from accounts.selectors import has_role


class ReadOnlyAdmin(admin.ModelAdmin):
    """Roles decide, not Django's model permissions, so that there is one place that says who sees what."""

    viewers: tuple[Role, ...] = ()

    def rows_for(self, request: HttpRequest) -> QuerySet[Any]:
        """What this person may see; give it the app's `<entity>_for_user()`."""
        raise NotImplementedError

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.rows_for(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return has_role(request.user, *self.viewers)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request.user, *self.viewers)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
