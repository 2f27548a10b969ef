"""The check: gradients against differences, and hand-written gradients against the engine's, with reasons."""

from autograd.check.gradients import check_grads
from autograd.check.hand import assert_gradients
from autograd.check.report import GradientError, Limit, Report
from autograd.check.slope import Comparison

__all__ = ["Comparison", "GradientError", "Limit", "Report", "assert_gradients", "check_grads"]
