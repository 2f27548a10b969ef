"""The shipped data are the published ones, complete, exact, and free to use as stated."""

import hashlib
import subprocess
import sys
from importlib.resources import files

import numpy as np
import pytest

import nn.datasets
from nn.datasets import Dataset, breast_cancer, xor


def test_breast_cancer_has_the_published_shape_and_classes():
    data = breast_cancer()
    assert data.X.shape == (569, 30) and data.X.dtype == np.float64
    assert data.y.shape == (569,) and data.y.dtype == np.int64
    assert len(data.feature_names) == len(set(data.feature_names)) == 30
    assert data.target_names == ("malignant", "benign")
    assert np.bincount(data.y).tolist() == [212, 357]


def test_breast_cancer_columns_have_the_published_ranges():
    # From the repository's own table of minima and maxima.
    data = breast_cancer()
    published = {
        "mean radius": (6.981, 28.11),
        "mean texture": (9.71, 39.28),
        "mean area": (143.5, 2501.0),
        "area error": (6.802, 542.2),
        "worst perimeter": (50.41, 251.2),
        "worst area": (185.2, 4254.0),
    }
    for name, extremes in published.items():
        column = data.X[:, data.feature_names.index(name)]
        assert (column.min(), column.max()) == extremes, name


def test_breast_cancer_values_are_exact():
    # Digests of scikit-learn's arrays, little-endian.
    data = breast_cancer()
    assert hashlib.sha256(data.X.astype("<f8").tobytes()).hexdigest() == (
        "6b202a2072f9a0385f405a8f8605b1b06f6f36ae6d23d9cd6cbbc0974a416bc7"
    )
    assert hashlib.sha256(data.y.astype("<i8").tobytes()).hexdigest() == (
        "1763c0f8cd3f454b9eda72031113884593bb382411c0cd511e3ec6e7ac85cddb"
    )


def test_breast_cancer_equals_scikit_learns():
    sklearn_datasets = pytest.importorskip("sklearn.datasets")
    theirs, ours = sklearn_datasets.load_breast_cancer(), breast_cancer()
    np.testing.assert_array_equal(ours.X, theirs.data)
    np.testing.assert_array_equal(ours.y, theirs.target)
    assert list(ours.feature_names) == theirs.feature_names.tolist()
    assert list(ours.target_names) == theirs.target_names.tolist()


def test_breast_cancer_carries_its_citation_and_licence():
    data = breast_cancer()
    notes = files(nn.datasets).joinpath("README.md").read_text(encoding="utf-8")
    for stated in (data.licence.split(",")[0], "10.24432/C5DW2B", "Wolberg"):
        assert stated in notes
    assert "CC BY 4.0" in data.licence
    assert "10.24432/C5DW2B" in data.citation and "10.24432/C5DW2B" in data.source


def test_shipped_files_are_small():
    for file in files(nn.datasets).iterdir():
        if file.is_file():
            assert len(file.read_bytes()) < 120_000, file.name


def test_every_call_returns_arrays_of_its_own():
    for make in (breast_cancer, xor):
        changed = make()
        changed.X[0, 0] = changed.y[0] = -1
        fresh = make()
        assert fresh.X[0, 0] != -1 and fresh.y[0] != -1


def test_a_dataset_cannot_be_rebound_and_shows_itself_in_one_line():
    data = xor()
    with pytest.raises(AttributeError):
        data.X = np.zeros((1, 1))  # type: ignore[misc]
    assert repr(data) == "Dataset(4 examples, 2 features, classes {'equal': 2, 'different': 2})"


def test_xor_is_the_truth_table():
    data = xor()
    assert isinstance(data, Dataset)
    assert data.feature_names == ("x1", "x2")
    assert data.X.dtype == np.float64 and data.y.dtype == np.int64
    table = {(x1, x2): target for (x1, x2), target in zip(data.X.tolist(), data.y.tolist(), strict=True)}
    assert table == {(0, 0): 0, (0, 1): 1, (1, 0): 1, (1, 1): 0}


def test_importing_the_module_reads_no_data():
    watch = (
        "import sys; opened = [];"
        "sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == 'open' else None);"
        "import nn.datasets; print(sum(name.endswith('.csv.gz') for name in opened));"
        "nn.datasets.breast_cancer(); print(sum(name.endswith('.csv.gz') for name in opened))"
    )
    output = subprocess.run([sys.executable, "-c", watch], capture_output=True, text=True, check=True).stdout
    before, after = map(int, output.split())
    assert before == 0 and after >= 1
