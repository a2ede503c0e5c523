"""Names for the arrays that analyses pass on; a docstring gives the shape of each."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]
Instants = npt.NDArray[np.datetime64]
