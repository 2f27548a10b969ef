"""The benchmark: how fast chainrule trains, against the same step by hand and against its peers, all in one run.

    python -m tests.benchmarks [--against hand,micrograd,torch,jax,mygrad,hips] [--quick] [--json F]
                               [--memory kept|default]

Every figure that is compared is measured pair by pair: contestants take turns in rounds, in several fresh processes
with one thread each, after their losses and gradients were found equal.

`networks`, `moons`, `chain` and `imports` are the workloads. Each has `jobs`, what to do in one process each; `work`,
which does one; and `summary`, which reads all results. `processes` and `measuring` carry them out, `contestants` holds
what is compared, `targets` what is promised, and `report` and `picture` show it.
"""
