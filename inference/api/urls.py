"""Addresses for programs."""

from django.urls import path

from inference.api import listen, models, tokens, transcriptions

urlpatterns = [
    path("v1/models", models.models, name="api_models"),
    path("v1/models/<str:name>", models.model, name="api_model"),
    path("v1/audio/transcriptions", transcriptions.transcriptions, name="api_transcriptions"),
    path("v1/listen", listen.listen, name="api_listen"),
    path("v1/realtime/client_secrets", tokens.client_secrets, name="api_client_secrets"),
    path("v1/auth/grant", tokens.grant, name="api_grant"),
]
