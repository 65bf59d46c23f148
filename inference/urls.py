"""Addresses of inference."""

from django.urls import include, path

from inference.views import canaries, exports, hear, live, sessions

urlpatterns = [
    path("", include("inference.api.urls")),
    path("correct/<uuid:uuid>/hear/", hear.segment_listen_again, name="segment_hear"),
    path("models/trials/", canaries.canary_list, name="canary_list"),
    path("models/trials/start/", canaries.canary_begin, name="canary_begin"),
    path("models/trials/<uuid:uuid>/promote/", canaries.canary_make_live, name="canary_promote"),
    path("models/trials/<uuid:uuid>/end/", canaries.canary_take_off, name="canary_roll_back"),
    path("live/", live.live, name="live"),
    path("live/terms.json", live.live_terms, name="live_terms"),
    path("live/demo/<int:number>.wav", live.live_demo, name="live_demo"),
    path("live/sessions/", sessions.live_sessions, name="live_sessions"),
    path("live/sessions/<uuid:uuid>/", sessions.live_session, name="live_session"),
    path("live/sessions/<uuid:uuid>/utterances/<int:index>/", sessions.live_utterance, name="live_utterance"),
    path("live/sessions/<uuid:uuid>/audio.wav", exports.live_audio, name="live_audio"),
    path("live/sessions/<uuid:uuid>/export.txt", exports.live_export_txt, name="live_export_txt"),
    path("live/sessions/<uuid:uuid>/export.srt", exports.live_export_srt, name="live_export_srt"),
    path("live/sessions/<uuid:uuid>/export.json", exports.live_export_json, name="live_export_json"),
]
