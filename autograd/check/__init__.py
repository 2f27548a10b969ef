"""The check: gradients against differences, and hand-written gradients against the engine's, with reasons."""

from autograd.check.gradients import check_grads
from autograd.check.hand import assert_gradients
from autograd.check.report import Comparison, GradientError, Limit, Report

__all__ = ["Comparison", "GradientError", "Limit", "Report", "assert_gradients", "check_grads"]
