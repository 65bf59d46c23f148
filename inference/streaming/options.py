"""Everything that can be set for one live session. Frozen; a protocol maps its client's wishes onto it."""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Hangover:
    """The silence that ends an utterance: where its text is clearly complete, where nothing tells, where it
    is clearly unfinished, and where no text has come yet. Chosen by `benchmarks.endpointing`."""

    complete_ms: int = 192
    plain_ms: int = 256
    unheard_ms: int = 480
    unfinished_ms: int = 640

    @classmethod
    def fixed(cls, milliseconds: int) -> "Hangover":
        return cls(milliseconds, milliseconds, milliseconds, milliseconds)


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """`threshold` begins an utterance, `release_threshold` holds it: a voice that trails off is a voice.

    `pause_ms` of silence and the text is asked for; it and the hangover count from where the detector lets
    go, 70 to 110 ms after the voice ended. `tail_ms` of it, at most `pause_ms`, belong to the sound.
    `ends_by_silence` False: only the client ends an utterance (and its greatest length does).
    """

    threshold: float = 0.5
    release_threshold: float = 0.35
    start_ms: int = 96
    pre_roll_ms: int = 300
    pause_ms: int = 64
    tail_ms: int = 64
    hangover: Hangover = Hangover()
    ends_by_silence: bool = True
    max_utterance_ms: int = 16_000
    cut_search_ms: int = 4_000

    @property
    def settled_ms(self) -> int:
        """So much of an utterance cannot be cut any more."""
        return self.max_utterance_ms - self.cut_search_ms


@dataclass(frozen=True, slots=True)
class PartialOptions:
    """`window_ms` bounds what one partial costs: of a longer utterance only the last part is decoded."""

    first_ms: int = 320  # of voice before the first partial
    interval_ms: int = 600  # of new sound between two
    window_ms: int = 10_000


@dataclass(frozen=True, slots=True)
class SessionOptions:
    endpoint: EndpointOptions = field(default_factory=EndpointOptions)
    partial: PartialOptions = field(default_factory=PartialOptions)

    @classmethod
    def of(
        cls,
        *,
        hangover_ms: int | None = None,
        pre_roll_ms: int | None = None,
        threshold: float | None = None,
        partial_interval_ms: int | None = None,
        ends_by_silence: bool = True,
    ) -> "SessionOptions":
        """What a client asked for, the rest as it is by default. A given hangover holds whatever was said."""
        endpoint, partial = EndpointOptions(ends_by_silence=ends_by_silence), PartialOptions()
        if hangover_ms is not None:
            endpoint = replace(endpoint, hangover=Hangover.fixed(hangover_ms))
        if pre_roll_ms is not None:
            endpoint = replace(endpoint, pre_roll_ms=pre_roll_ms)
        if threshold is not None:
            released = min(threshold, endpoint.release_threshold)
            endpoint = replace(endpoint, threshold=threshold, release_threshold=released)
        if partial_interval_ms is not None:
            partial = replace(partial, interval_ms=partial_interval_ms)
        return cls(endpoint, partial)


DEFAULT_ENDPOINT = EndpointOptions()
DEFAULT_PARTIAL = PartialOptions()
DEFAULT_SESSION = SessionOptions()
