from django.contrib import admin
from django.http import HttpRequest

from inference.models import LiveSession, LiveUtterance


class UtteranceInline(admin.TabularInline):
    model = LiveUtterance
    # Not what was said: that is its speaker's, and the queue's where the site lets it go there.
    fields = ["index", "start_ms", "end_ms", "is_uncertain", "is_corrected", "final_latency_ms"]
    readonly_fields = ["index", "start_ms", "end_ms", "is_uncertain", "is_corrected", "final_latency_ms"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(LiveSession)
class LiveSessionAdmin(admin.ModelAdmin):
    """To look at; a session is changed by talking only."""

    list_display = ["created_at", "user", "site", "status", "received_ms", "model", "recording"]
    list_filter = ["status", "site"]
    list_select_related = ["user", "site", "model", "recording"]
    date_hierarchy = "created_at"
    inlines = [UtteranceInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
