"""The shipped data are the published ones, complete, exact, and free to use as stated."""

import gzip
import hashlib
import struct
import subprocess
import sys
import tracemalloc
from importlib.resources import files

import numpy as np
import pytest

import nn.datasets
from nn.datasets import Dataset, blobs, breast_cancer, circles, digits, iris, load_idx, moons, spirals, xor


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


def test_digits_and_iris_have_the_published_shapes_and_classes():
    images, flowers = digits(), iris()
    assert images.X.shape == (1797, 64) and (images.X.min(), images.X.max()) == (0, 16)
    assert np.bincount(images.y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert images.target_names == tuple("0123456789") and images.feature_names[8] == "pixel_1_0"
    assert flowers.X.shape == (150, 4) and np.bincount(flowers.y).tolist() == [50, 50, 50]
    assert flowers.X.min(axis=0).tolist() == [4.3, 2.0, 1.0, 0.1]
    assert flowers.X.max(axis=0).tolist() == [7.9, 4.4, 6.9, 2.5]


# Digests of scikit-learn's arrays, little-endian.
DIGESTS = {
    breast_cancer: (
        "6b202a2072f9a0385f405a8f8605b1b06f6f36ae6d23d9cd6cbbc0974a416bc7",
        "1763c0f8cd3f454b9eda72031113884593bb382411c0cd511e3ec6e7ac85cddb",
    ),
    digits: (
        "20def7f70a702f0af9732fbba4375e147a7d54fe70d8c45569b8e7c1c7010c10",
        "a3c91c262eddcf7ba8f0e37507c30284493c9b20412ffe4af30d536401f7ba21",
    ),
    iris: (
        "012f498fe9c8b3b34212c3c5d98e1f03f2f79931cd49349beb1bad64dcf164a7",
        "734737f11162991213afc3a96aa5e8823b2d9cdcfb8992df1e85a0bae44b2395",
    ),
}
shipped = pytest.mark.parametrize("load", DIGESTS, ids=lambda load: load.__name__)


@shipped
def test_shipped_values_are_exact(load):
    data = load()
    assert (data.X.dtype, data.y.dtype) == (np.float64, np.int64)
    digests = hashlib.sha256(data.X.astype("<f8").tobytes()), hashlib.sha256(data.y.astype("<i8").tobytes())
    assert tuple(digest.hexdigest() for digest in digests) == DIGESTS[load]


@shipped
def test_shipped_data_equal_scikit_learns(load):
    sklearn_datasets = pytest.importorskip("sklearn.datasets")
    theirs, ours = getattr(sklearn_datasets, f"load_{load.__name__}")(), load()
    np.testing.assert_array_equal(ours.X, theirs.data)
    np.testing.assert_array_equal(ours.y, theirs.target)
    assert list(ours.feature_names) == list(theirs.feature_names)
    assert list(ours.target_names) == [str(name) for name in theirs.target_names]


@shipped
def test_shipped_data_carry_their_citation_and_licence(load):
    data = load()
    notes = files(nn.datasets).joinpath("README.md").read_text(encoding="utf-8")
    (section,) = [part for part in notes.split("\n## ") if part.startswith(f"`{load.__name__}.csv.gz`")]
    place = data.source.partition(", ")[2]
    assert place.startswith("https://doi.org/10.24432/") and place in data.citation
    assert " ".join(data.citation.split()) in " ".join(section.split())
    assert "CC BY 4.0" in data.licence and "CC BY 4.0" in section


def test_shipped_files_are_small():
    sizes = {file.name: len(file.read_bytes()) for file in files(nn.datasets).iterdir() if file.name.endswith(".gz")}
    assert set(sizes) == {f"{load.__name__}.csv.gz" for load in DIGESTS}
    assert sum(sizes.values()) < 250_000


def test_every_call_returns_arrays_of_its_own():
    for make in (breast_cancer, digits, iris, xor, moons, blobs):
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


# Made


def radius(X):
    return np.hypot(*X.T)


MADE = pytest.mark.parametrize("make", [moons, circles, spirals, blobs], ids=lambda make: make.__name__)


@MADE
def test_made_data_follow_from_the_seed_alone(make):
    def points(*args, **kwargs):
        return make(50, *args, **kwargs).X.tolist()

    np.random.seed(0)
    before = np.random.get_state()[1].tolist()
    assert points(seed=4) == points(seed=4) == points(seed=np.random.default_rng(4)) != points(seed=5)
    rng = np.random.default_rng(4)
    assert points(seed=rng) != points(seed=rng)
    assert np.random.get_state()[1].tolist() == before
    assert points() == points()


@MADE
def test_made_classes_are_equal_in_size_and_in_random_order(make):
    data = make(1001)
    counts = np.bincount(data.y)
    assert data.X.shape == (1001, 2) and max(counts) - min(counts) <= 1 and sum(counts) == 1001
    assert len(data.target_names) == len(counts)
    changes = np.mean(data.y[1:] != data.y[:-1])
    assert abs(changes - (1 - 1 / len(counts))) < 0.08


def test_moons_lie_on_their_half_circles():
    X, y = moons(200, noise=0.0)
    upper, lower = X[y == 0], np.array([1, 0.5]) - X[y == 1]
    for part in (upper, lower):
        np.testing.assert_allclose(radius(part), 1, atol=1e-12)
        assert part[:, 1].min() >= 0 and part[:, 0].min() < -0.9 and part[:, 0].max() > 0.9


def test_circles_have_their_radii():
    X, y = circles(200, noise=0.0, factor=0.3)
    np.testing.assert_allclose(radius(X), np.where(y == 0, 1.0, 0.3), atol=1e-12)


def test_spirals_wind_as_often_as_told():
    X, y = spirals(3000, noise=0.0, classes=3, turns=2)
    along = np.sort(radius(X[y == 1]))
    angle = 2 * np.pi * (2 * along + 1 / 3)
    expected = along[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    np.testing.assert_allclose(X[y == 1][np.argsort(radius(X[y == 1]))], expected, atol=1e-12)
    assert along[0] < 0.01 and along[-1] > 0.99


def test_noise_is_as_wide_as_told():
    quiet, noisy = moons(20_000, noise=0.0), moons(20_000, noise=0.3)
    np.testing.assert_allclose((noisy.X - quiet.X).std(axis=0), 0.3, rtol=0.03)
    X, y = blobs(20_000, std=0.5, classes=2, features=3)
    for label in (0, 1):
        np.testing.assert_allclose(X[y == label].std(axis=0), 0.5, rtol=0.03)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: moons(1), "n_samples must be 2 or more, got 1"),
        (lambda: moons(2.5), "n_samples must be an integer"),
        (lambda: moons(noise=-0.1), "noise must be a finite number from 0"),
        (lambda: moons(seed=-1), "seed must be 0 or more"),
        (lambda: moons(seed=None), "seed must be an integer"),
        (lambda: circles(factor=1.5), "factor must be a finite number from 0 to 1"),
        (lambda: spirals(classes=1), "classes must be 2 or more"),
        (lambda: spirals(turns=np.inf), "turns must be a finite number"),
        (lambda: blobs(std=-1), "std must be a finite number from 0"),
        (lambda: blobs(features=0), "features must be 1 or more"),
    ],
)
def test_what_cannot_be_made_is_refused(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()


# idx files


def idx(kind, shape, content):
    return bytes([0, 0, kind, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + content


IMAGES = idx(8, (2, 2, 3), bytes(range(12)))

IDX = {
    "bytes": (IMAGES, np.arange(12, dtype=np.uint8).reshape(2, 2, 3)),
    "signed": (idx(9, (2,), b"\xff\x01"), np.array([-1, 1], np.int8)),
    "shorts": (idx(0x0B, (2,), struct.pack(">2h", -300, 5)), np.array([-300, 5], np.int16)),
    "ints": (idx(0x0C, (1, 2), struct.pack(">2i", -70_000, 5)), np.array([[-70_000, 5]], np.int32)),
    "floats": (idx(0x0D, (2,), struct.pack(">2f", 0.5, -2)), np.array([0.5, -2], np.float32)),
    "doubles": (idx(0x0E, (2,), struct.pack(">2d", 0.1, -2)), np.array([0.1, -2], np.float64)),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", IDX)
def test_an_idx_file_is_read(tmp_path, name, packed):
    content, expected = IDX[name]
    path = tmp_path / "numbers"
    path.write_bytes(gzip.compress(content) if packed else content)
    array = load_idx(path)
    assert array.dtype == expected.dtype and array.dtype.isnative and array.flags.writeable
    np.testing.assert_array_equal(array, expected)


BAD_IDX = {
    "empty": (b"", "ends after 0 of 4 bytes of the magic number"),
    "text": (b"label,pixel\n5,0\n", "starts with 6c61 62 65"),
    "an unknown type": (idx(7, (1,), b"1"), "starts with 0000 07 01"),
    "no axes": (bytes([0, 0, 8, 0, 1]), "starts with 0000 08 00"),
    "255 axes": (bytes([0, 0, 8, 255]) + b"\1" * 2000, "starts with 0000 08 ff"),
    "no lengths": (IMAGES[:9], "ends after 5 of 12 bytes of the lengths of the axes"),
    "truncated": (IMAGES[:-1], r"ends after 11 of 12 bytes of numbers of shape \(2, 2, 3\)"),
    "too long": (IMAGES + b"x", "goes on after 12 bytes"),
    "more than it has": (idx(8, (2**30,), b"few"), "ends after 3 of 1,073,741,824 bytes"),
    "more than there is": (idx(14, (2**32 - 1,) * 8, b"few"), "expected 1 to 2,147,483,648"),
    "an axis of length 0": (idx(8, (2**32 - 1, 0), b""), "0 bytes; expected 1 to"),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", BAD_IDX)
def test_a_bad_idx_file_is_refused(tmp_path, name, packed):
    content, message = BAD_IDX[name]
    path = tmp_path / "numbers"
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(ValueError, match=rf"numbers' cannot be read as an idx file: .*{message}"):
        load_idx(path)


def test_damaged_compression_is_refused(tmp_path):
    packed, path = gzip.compress(idx(8, (50_000,), np.random.default_rng(0).bytes(50_000))), tmp_path / "numbers"
    for damaged in (packed[:-1], packed[:1000], packed[:20_000] + bytes(9) + packed[20_009:], packed[:-8] + bytes(8)):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="numbers' cannot be read as an idx file"):
            load_idx(path)
    with pytest.raises(FileNotFoundError):
        load_idx(tmp_path / "absent")


def test_no_memory_is_taken_on_a_files_word(tmp_path):
    tracemalloc.start()
    path = tmp_path / "numbers"
    path.write_bytes(idx(8, (2**31,), b"few"))
    with pytest.raises(ValueError, match="ends after 3"):
        load_idx(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10_000_000
