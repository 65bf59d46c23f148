"""python -m training.pipeline <run folder>"""

from training.pipeline.runner import main

raise SystemExit(main())
