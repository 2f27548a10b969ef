"""The fault view: the first nan, inf, zero or vanishing gradient of a computation, why, and what to write instead.

It reads graphs, as every reader does; nothing in the engine knows of it.
"""

from autograd.faults.detect import detect_faults as detect_faults
from autograd.faults.fault import Fault as Fault
from autograd.faults.fault import FaultError as FaultError
from autograd.faults.search import find_fault as find_fault
