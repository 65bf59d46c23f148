"""Addresses of inference."""

from django.urls import include, path

from inference.views import hear, live

urlpatterns = [
    path("", include("inference.api.urls")),
    path("correct/<uuid:uuid>/hear/", hear.segment_listen_again, name="segment_hear"),
    path("live/", live.live, name="live"),
    path("live/demo/<int:number>.wav", live.live_demo, name="live_demo"),
    path("live/sessions/<uuid:uuid>/", live.live_session, name="live_session"),
]
