"""The pipeline: labels and sound in, a proven model out. PURE: runs in a subprocess, or in a notebook.

`python -m torch.distributed.run --standalone --nproc-per-node N -m training.pipeline <run folder>`
Knows arrays, files and frozen dataclasses; knows nothing of the database or of who asked.
"""
