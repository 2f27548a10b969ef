"""chainrule's engine: automatic differentiation that you can see through, on NumPy.

An expression on `Value`s (numbers) or `Tensor`s (arrays) records a graph; `backward` and `grad` sweep it.
"""

import builtins
from typing import TYPE_CHECKING, Any

from autograd.graph import Constant as Constant
from autograd.graph import Node as Node
from autograd.graph import tape as tape
from autograd.lines import Line as Line
from autograd.lines import trace_lines as trace_lines
from autograd.primitive import Primitive as Primitive
from autograd.primitive import primitive as primitive
from autograd.primitives.compositions import *
from autograd.primitives.elementwise import *
from autograd.primitives.indexing import *
from autograd.primitives.linear_algebra import *
from autograd.primitives.movement import *
from autograd.primitives.reductions import *
from autograd.scope import Scope as Scope
from autograd.scope import no_grad as no_grad
from autograd.scope import scope as scope
from autograd.scope import watch as watch
from autograd.sweep import sweep as sweep
from autograd.tensor import Tensor as Tensor
from autograd.transforms import *
from autograd.value import Value as Value
from autograd.value import read as read
from autograd.value import scalars as scalars

if TYPE_CHECKING:
    from autograd.check import GradientError as GradientError
    from autograd.check import assert_gradients as assert_gradients
    from autograd.check import check_grads as check_grads
    from autograd.doctor import Diagnosis as Diagnosis
    from autograd.doctor import diagnose as diagnose
    from autograd.faults import Fault as Fault
    from autograd.faults import FaultError as FaultError
    from autograd.faults import detect_faults as detect_faults
    from autograd.faults import find_fault as find_fault
    from autograd.readers.names import label as label
    from autograd.readers.picture import Picture as Picture
    from autograd.readers.picture import draw as draw
    from autograd.readers.steps import Steps as Steps
    from autograd.readers.steps import TrainingSteps as TrainingSteps
    from autograd.readers.steps import steps as steps
    from autograd.readers.zoom import Zoom as Zoom
    from autograd.readers.zoom import zoom as zoom

__version__ = "0.1.0"

__distribution__ = "chainrule"
"""Says whose `autograd` this is: HIPS autograd installs under the same name, and pip overwrites without a word."""

_READERS = {
    "Diagnosis": "autograd.doctor",
    "Fault": "autograd.faults",
    "FaultError": "autograd.faults",
    "GradientError": "autograd.check",
    "Picture": "autograd.readers.picture",
    "Steps": "autograd.readers.steps",
    "TrainingSteps": "autograd.readers.steps",
    "Zoom": "autograd.readers.zoom",
    "assert_gradients": "autograd.check",
    "check_grads": "autograd.check",
    "detect_faults": "autograd.faults",
    "diagnose": "autograd.doctor",
    "draw": "autograd.readers.picture",
    "find_fault": "autograd.faults",
    "label": "autograd.readers.names",
    "steps": "autograd.readers.steps",
    "zoom": "autograd.readers.zoom",
}


__all__ = sorted(
    {name for name, thing in globals().items() if getattr(thing, "__module__", "").startswith("autograd.")}.union(
        _READERS
    ).difference(vars(builtins))
)
"""What ``from autograd import *`` brings: all of the above, but not over Python's own abs, max, min, pow and sum.

Those work on nodes too, and ours would not take ``max(3, 4)``.
"""


def __getattr__(name: str) -> Any:
    """Import a reader when it is first used: drawing needs graphviz, and differentiating does not."""
    if name not in _READERS:
        raise AttributeError(f"module 'autograd' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_READERS[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_READERS})
