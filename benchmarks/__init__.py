"""Two ways compared in one run, by ratios; figures against planted truth."""

import os

# costs are of one core: linear algebra on many counts their waiting too. Before numpy is there
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
