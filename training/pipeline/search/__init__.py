"""The search for good knobs: what is drawn, one trial, the whole study. PURE, as all of the pipeline.

`space`, `request` and `results` are light, the web process reads them; `trial` brings torch, `study` Ray.
"""
