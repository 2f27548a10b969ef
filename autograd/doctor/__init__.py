"""The doctor: says what is wrong with gradients that were derived by hand.

`diagnose` makes the mistakes of its `CATALOGUE` on purpose, in a sweep that is run again, and looks which one gives the
claimed numbers.
"""

from autograd.doctor.catalogue import CATALOGUE
from autograd.doctor.consultation import diagnose
from autograd.doctor.diagnosis import Diagnosis, Explanation, Finding
from autograd.doctor.replay import Mistake

__all__ = ["CATALOGUE", "Diagnosis", "Explanation", "Finding", "Mistake", "diagnose"]
