"""Which labels are trained on, and how they are put together into batches."""

from typing import ClassVar

from training.pipeline.config.knobs import Knobs, _, knob


class DataKnobs(Knobs):
    title: ClassVar[str] = _("Data and batches")

    language: str = knob("zh", _("Language token of the decoder's prompt."))
    min_duration_s: float = knob(0.3, _("Shorter utterances are left out."), "s", ge=0)
    max_duration_s: float = knob(30.0, _("Longer utterances are left out."), "s", gt=0, le=30)
    max_chars_per_s: float = knob(25.0, _("More text in less time is a wrong label."), "1/s", gt=0)
    dev_share: float = knob(
        0.05,
        _("Held out by whole speakers; none when one speaker is more than twice this."),
        ge=0,
        lt=0.5,
    )
    replay_share: float = knob(
        0.5, _("Share of general speech in each epoch, against forgetting."), ge=0, lt=1
    )
    replay_manifest: str = knob("", _("Manifest of general speech under the data folder; empty: none."))
    # Decision 6: windows as long as the speech, with a share of full ones so that both stay good.
    padded_share: float = knob(
        0.03, _("Share of batches that are padded to the model's full window."), ge=0, le=1
    )
    pack: bool = knob(
        False,
        _("Joins short utterances of one speaker to windows of up to `pack_s`, in place of short windows."),
    )
    pack_s: float = knob(28.0, _("Longest window of joined utterances."), "s", gt=1, le=30)
    batch_s: float = knob(32.0, _("Padded speech in one step, over all processes."), "s", gt=0)
    micro_batch_s: float = knob(
        32.0,
        _("Padded speech in one forward pass; 0: as much as the memory takes, found at the start."),
        "s",
        ge=0,
    )
