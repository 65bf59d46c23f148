"""Addresses of training."""

from django.urls import path

from training.views import compare, models, runs, searches, snapshots, sounds

urlpatterns = [
    path("runs/", runs.run_list, name="run_list"),
    path("runs/snapshot/", runs.snapshot_new, name="snapshot_new"),
    path("runs/compare/", compare.run_compare, name="run_compare"),
    path("runs/new/<uuid:uuid>/", runs.run_new, name="run_new"),
    path("runs/<uuid:uuid>/", runs.run_detail, name="run_detail"),
    path("runs/<uuid:uuid>/progress/", runs.run_progress, name="run_progress"),
    path("runs/<uuid:uuid>/curve/", runs.run_curve, name="run_curve"),
    path("runs/<uuid:uuid>/cancel/", runs.run_stop, name="run_cancel"),
    path("runs/<uuid:uuid>/resume/", runs.run_go_on, name="run_resume"),
    path("evaluation-sets/<uuid:uuid>/audio.wav", sounds.evaluation_audio, name="evaluation_audio"),
    path("snapshots/<uuid:uuid>/", snapshots.snapshot_detail, name="snapshot_detail"),
    path("snapshots/<uuid:uuid>/<int:number>/", snapshots.utterance_copies, name="utterance_copies"),
    path("snapshots/<uuid:uuid>/<int:number>/sound.wav", snapshots.utterance_sound, name="utterance_sound"),
    path("searches/", searches.search_list, name="search_list"),
    path("searches/new/<uuid:uuid>/", searches.search_new, name="search_new"),
    path("searches/<uuid:uuid>/", searches.search_detail, name="search_detail"),
    path("searches/<uuid:uuid>/progress/", searches.search_progress, name="search_progress"),
    path("searches/<uuid:uuid>/cancel/", searches.search_stop, name="search_cancel"),
    path("searches/<uuid:uuid>/resume/", searches.search_go_on, name="search_resume"),
    path("searches/<uuid:uuid>/train/<int:number>/", searches.search_train, name="search_train"),
    path("models/", models.model_list, name="model_list"),
    path("models/<uuid:uuid>/promote/", models.model_make_live, name="model_promote"),
    path("promotions/<uuid:uuid>/roll-back/", models.promotion_undo, name="promotion_roll_back"),
]
