"""Who is told of a run beside its own page. The curve is always written as JSON Lines and as CSV."""

from typing import ClassVar, Literal

from training.pipeline.config.knobs import Knobs, _, knob

TrackerName = Literal["tensorboard", "mlflow", "wandb"]


class TrackingKnobs(Knobs):
    title: ClassVar[str] = _("Trackers")

    trackers: tuple[TrackerName, ...] = knob(
        (), _("Also writes the curve for these: tensorboard, mlflow, wandb. All stay on this machine.")
    )
    tracking_uri: str = knob(
        "",
        _("MLflow: a server (http://…), a database (sqlite:///…) or a folder (file:…); empty: in the run."),
        pattern=r"^$|^(https?|sqlite|postgresql|file):",
    )
