"""Every address of the product."""

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from base import metrics_http
from config import home

admin.site.site_header = admin.site.site_title = "Auscult"

urlpatterns = [
    path("", home.home, name="home"),
    path("login/", auth_views.LoginView.as_view(template_name="login.html"), name="login"),
    path("logout/", auth_views.LogoutView.as_view(), name="logout"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("metrics", metrics_http.exposition, name="metrics"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("", include("annotation.urls")),
    path("", include("training.urls")),
    path("", include("inference.urls")),
]
