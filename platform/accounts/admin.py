from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from accounts.models import Membership, Site, User


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 1


@admin.register(User)
class PersonAdmin(UserAdmin):
    inlines = [MembershipInline]


@admin.register(Site)
class SiteAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "live_consent"]
    prepopulated_fields = {"slug": ["name"]}
