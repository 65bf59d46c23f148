"""python -m training.pipeline <run folder>"""

from training.pipeline.processes import end_process
from training.pipeline.runner import main

end_process(main())
