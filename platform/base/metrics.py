"""What the web process counts and times, for Prometheus. Seconds and bytes, as its conventions want.

Labels are few and known beforehand: a route pattern, a status, a protocol's name. Never a person, a session,
a patient or a text. Knows no Django; the engine has figures of its own (inference/engine/metrics.py).
"""

from prometheus_client import Counter, Gauge, Histogram

# What a person notices starts at 100 ms; what makes them stop dictating, at seconds.
WAITED_S = (0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30)
DISK_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)

# --- live sessions ---
LIVE_SESSIONS = Gauge(
    "auscult_web_live_sessions", "Live sessions open now", ["protocol"], multiprocess_mode="livesum"
)
FIRST_PARTIAL_SECONDS = Histogram(
    "auscult_web_first_partial_seconds", "Start of speech to its first text", buckets=WAITED_S
)
FINAL_SECONDS = Histogram("auscult_web_final_seconds", "End of speech to its final text", buckets=WAITED_S)
LAG_SECONDS = Histogram(
    "auscult_web_lag_seconds", "Arrival of a frame to its being on disk and listened to", buckets=WAITED_S
)
DISK_WRITE_SECONDS = Histogram(
    "auscult_web_disk_write_seconds", "Writing live sound to the disk, sync included", buckets=DISK_S
)
FRAMES = Counter("auscult_web_frames_total", "Frames of live sound taken in")
AUDIO_BYTES = Counter("auscult_web_audio_bytes_total", "Bytes of live sound on the disk")
FRAMES_REFUSED = Counter(
    "auscult_web_frames_refused_total", "Frames that have to be sent again or were no sound", ["reason"]
)
for _reason in ("disk", "gap", "bad"):  # an alert's increase() does not see a series that appears at 1
    FRAMES_REFUSED.labels(_reason)
RECONNECTS = Counter("auscult_web_reconnects_total", "Live sessions that went on over a new connection")
SESSIONS_REFUSED = Counter("auscult_web_sessions_refused_total", "Live sessions not opened", ["reason"])
UNTRANSCRIBED = Counter("auscult_web_untranscribed_total", "Utterances kept as sound, without a live text")
ENGINE_AWAY = Counter("auscult_web_engine_away_total", "Times that a session found the engine not answering")
PARTIALS = Counter("auscult_web_partials_total", "Texts shown that may still change")
FINALS = Counter("auscult_web_finals_total", "Utterances with their final text")

# --- HTTP ---
HTTP_REQUESTS = Counter(
    "auscult_web_http_requests_total", "Answers by route and status", ["method", "route", "status"]
)
HTTP_SECONDS = Histogram("auscult_web_http_seconds", "Time to an answer", ["route"])
