"""The curves as one picture: for each strategy the median over seeds, with their span behind it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

# Told apart by line as well as by colour.
STYLES = {
    "errors_per_second": ("#0b5fa5", "-", 2.6, "ours: errors x value per second"),
    "random": ("#555555", "--", 1.6, "random"),
    "least_confidence": ("#b3541e", "-.", 1.6, "least confidence"),
    "entropy": ("#7a4fa3", ":", 1.8, "entropy"),
    "longest": ("#2e7d4f", (0, (5, 1, 1, 1, 1, 1)), 1.6, "longest"),
}


def draw(curves: Mapping[str, Sequence[Sequence[Mapping[str, float]]]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 5), dpi=120)
    for name, seeds in curves.items():
        colour, line, width, label = STYLES.get(name, ("#999999", "-", 1.2, name))
        rounds = list(zip(*seeds, strict=True))
        minutes = [median(point["minutes"] for point in points) for points in rounds]
        rates = [[100 * point["cer"] for point in points] for points in rounds]
        axes.fill_between(minutes, [min(r) for r in rates], [max(r) for r in rates], color=colour, alpha=0.10)
        axes.plot(
            minutes,
            [median(r) for r in rates],
            color=colour,
            linestyle=line,
            linewidth=width,
            label=label,
            marker="o",
        )
    axes.set_xlabel("expert minutes")
    axes.set_ylabel("CER on the held-out medical set (%)")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.25)
    axes.legend(title="median, span of the seeds", frameon=False)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    pyplot.close(figure)
