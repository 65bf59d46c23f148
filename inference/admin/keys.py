"""API keys in the admin: a site administrator makes one, sees its secret once, and revokes it."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from accounts.models import Role, User
from accounts.read_only import ReadOnlyAdmin
from accounts.requests import person
from accounts.selectors import has_role, sites_for_user
from base.errors import DomainError
from inference.models import ApiKey, Scope
from inference.selectors.callers import keys_for_user
from inference.services.keys import api_key_create, api_key_revoke


class ApiKeyForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("scopes"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = ApiKey
        fields = ["name", "site", "user", "scopes"]


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    viewers = (Role.SITE_ADMIN,)
    form = ApiKeyForm
    list_display = ["name", "start", "site", "user", "scopes", "last_used_at", "revoked_at"]
    list_filter = ["site"]
    actions = ["revoke"]

    def rows_for(self, request: HttpRequest) -> QuerySet[ApiKey]:
        return keys_for_user(request.user)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request.user, Role.SITE_ADMIN)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        sites = sites_for_user(request.user, Role.SITE_ADMIN)
        if db_field.name == "site":
            kwargs["queryset"] = sites
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.filter(memberships__site__in=sites).distinct()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[arg-type]

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """The row is written by the service, when the answer is made."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        pass

    def log_addition(self, request: HttpRequest, obj: ApiKey, message: Any) -> Any:
        """Stands in the audit entries; Django's own log would want the row already."""

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: Any = None) -> HttpResponse:
        """The secret is in this answer and nowhere else: no message, no session, no cookie holds it."""
        try:
            key, secret = api_key_create(
                by=person(request), user=obj.user, site=obj.site, name=obj.name, scopes=obj.scopes
            )
        except DomainError as refused:
            messages.error(request, str(refused.message))
            return self.response_post_save_add(request, obj)
        context = {**self.admin_site.each_context(request), "key": key, "secret": secret, "opts": self.opts}
        return never_cache(render)(request, "admin/inference/apikey/made.html", context)

    @admin.action(description=gettext_lazy("Revoke the chosen keys"), permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset:
            api_key_revoke(by=person(request), key=key)
        messages.success(request, _("The chosen keys open nothing any more."))
