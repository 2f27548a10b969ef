"""A file holds a model exactly; one that is damaged, foreign or hostile is refused and changes nothing."""

import io
import json
import os
import pickle
import zipfile

import numpy as np
import pytest

import nn
from nn import storage


def network(seed=0):
    nn.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2))


def numbers(model):
    return {name: (array.dtype.str, array.shape, array.tobytes()) for name, array in model.state_dict().items()}


@pytest.fixture(params=[".npz", ".safetensors"])
def path(request, tmp_path):
    if request.param == ".safetensors":
        pytest.importorskip("safetensors")
    return tmp_path / f"model{request.param}"


# What is saved


def test_a_model_comes_back_exactly(path):
    model, other = network(0), network(1)
    model(np.random.default_rng(0).normal(size=(9, 3)))  # BatchNorm has seen a batch
    nn.save(model, path)
    assert numbers(model) != numbers(other)
    assert nn.load(other, path) is other
    assert numbers(model) == numbers(other)
    assert os.listdir(path.parent) == [path.name]


def test_float32_comes_back_as_float32(path):
    model = network(0).to(np.float32)
    nn.save(model, str(path))
    assert numbers(nn.load(network(1).to(np.float32), str(path))) == numbers(model)


def test_arrays_of_any_layout_come_back(path):
    arrays = {
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "strided": np.arange(10)[::3],
        "scalar": np.array(2.5),
        "empty": np.zeros((0, 3)),
        "bytes": np.arange(3, dtype=np.uint8),
        "__metadata": np.ones(1),
    }
    storage.write(path, arrays, {"words": "σ\n", "numbers": [1, 0.1]})
    back, facts = storage.read(path)
    assert facts == {"words": "σ\n", "numbers": [1, 0.1]}
    assert back.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (back[name].dtype, back[name].shape) == (array.dtype, array.shape), name
        np.testing.assert_array_equal(back[name], array)


def test_numpy_reads_and_writes_the_same_npz(tmp_path):
    model, path = network(), tmp_path / "m.npz"
    nn.save(model, path)
    with np.load(path, allow_pickle=False) as archive:
        for name, array in model.state_dict().items():
            np.testing.assert_array_equal(archive[name], array)
    np.savez(path, **network(1).state_dict())
    assert numbers(nn.load(model, path)) == numbers(network(1))


def test_safetensors_own_reader_reads_ours(tmp_path):
    theirs = pytest.importorskip("safetensors.numpy")
    model, path = network(), tmp_path / "m.safetensors"
    nn.save(model, path)
    for name, array in theirs.load_file(path).items():
        np.testing.assert_array_equal(array, model.state_dict()[name])
    theirs.save_file(network(1).state_dict(), path)
    assert numbers(nn.load(model, path)) == numbers(network(1))


def test_the_same_numbers_make_the_same_file(tmp_path):
    nn.save(network(), tmp_path / "a.npz")
    nn.save(network(), tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


# What is written is whole


def test_a_failing_save_leaves_the_old_file(path, monkeypatch):
    nn.save(network(), path)
    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        nn.save(network(1), path)
    assert path.read_bytes() == before and os.listdir(path.parent) == [path.name]


def test_an_interrupted_save_leaves_the_old_file(path, monkeypatch):
    nn.save(network(), path)
    before = path.read_bytes()

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        nn.save(network(1), path)
    assert path.read_bytes() == before and os.listdir(path.parent) == [path.name]


def test_a_link_still_leads_to_the_file(tmp_path):
    (tmp_path / "there").mkdir()
    link = tmp_path / "m.npz"
    link.symlink_to(tmp_path / "there" / "real.npz")
    nn.save(network(), link)
    assert link.is_symlink() and (tmp_path / "there" / "real.npz").is_file()


@pytest.mark.parametrize("name", ["m", "m.pt", "m.pkl", "m.npy", ".npz", ""])
def test_other_names_are_refused(tmp_path, name):
    for function in (nn.save, nn.load):
        with pytest.raises(ValueError, match=r"must end in \.npz or \.safetensors"):
            function(network(), tmp_path / name if name else "")
    assert os.listdir(tmp_path) == []


def test_without_the_package_the_message_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(storage.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="pip install safetensors"):
        nn.save(network(), tmp_path / "m.safetensors")


def test_places_that_cannot_be_written(tmp_path):
    with pytest.raises(OSError):
        nn.save(network(), tmp_path / "absent" / "m.npz")
    (tmp_path / "folder.npz").mkdir()
    for function in (lambda path: nn.save(network(), path), storage.check_place):
        with pytest.raises(IsADirectoryError):
            function(tmp_path / "folder.npz")
    with pytest.raises(FileNotFoundError):
        nn.load(network(), tmp_path / "absent.npz")
    assert os.listdir(tmp_path) == ["folder.npz"]


# What is refused


def refused(path, message="", model=None):
    """Loading fails with one line that names the file, and the model is as it was."""
    model = model or network(1)
    before = numbers(model)
    with pytest.raises(ValueError) as caught:
        nn.load(model, path)
    assert str(path) in str(caught.value) and message in str(caught.value), caught.value
    assert "\n" not in str(caught.value)
    assert numbers(model) == before


def test_a_file_cut_short_anywhere_is_refused(path):
    nn.save(network(), path)
    content = path.read_bytes()
    for length in [*range(0, len(content), 97), len(content) - 1]:
        path.write_bytes(content[:length])
        refused(path, "cannot be read as")


def test_a_damaged_npz_is_refused_or_harmless(tmp_path):
    """Any byte may be wrong: what loads has the very numbers that were saved (zip files have bytes without a use)."""
    path = tmp_path / "m.npz"
    nn.save(network(), path)
    content, saved = path.read_bytes(), numbers(network())
    rng, loaded = np.random.default_rng(0), 0
    for place in rng.integers(len(content), size=600):
        changed = bytearray(content)
        changed[place] ^= 1 << rng.integers(8)
        path.write_bytes(changed)
        model = network(1)
        try:
            nn.load(model, path)
        except ValueError:
            assert numbers(model) == numbers(network(1))
        else:
            assert numbers(model) == saved
            loaded += 1
    assert loaded < 300


FOREIGN = {
    "empty": b"",
    "text": b"weights: 1, 2, 3\n",
    "pickle": pickle.dumps({"0.weight": [1.0]}),
    "png": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "zeros": bytes(10_000),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_files_are_refused(path, name):
    path.write_bytes(FOREIGN[name])
    refused(path, f"cannot be read as {path.suffix}")


class Trap:
    """Creates a file when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


def npz(path, members, **options):
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, content in members:
            archive.writestr(name, content)


def npy(array, **header):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=True)
    content = file.getvalue()
    for old, new in header.items():
        assert content.count(old.encode()) == 1
        content = content.replace(old.encode(), new)
    return content


def shaped(shape):
    """The start of an .npy file that claims a shape, and has 8 bytes."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(8)


def test_nothing_in_a_file_is_run(tmp_path):
    path, sprung = tmp_path / "m.npz", tmp_path / "sprung"
    np.savez(path, weight=np.array([Trap(sprung)], dtype=object))
    refused(path, "holds object, not numbers")
    path.write_bytes(pickle.dumps(Trap(sprung)))
    refused(path)
    assert not sprung.exists()


HOSTILE = {
    "compressed": ([("weight.npy", npy(np.zeros(1000)))], {"compression": zipfile.ZIP_DEFLATED}, "compressed"),
    "claims terabytes": ([("weight.npy", shaped("(1000000000000,)"))], {}, "do not fit its shape"),
    "negative lengths": ([("weight.npy", shaped("(-1, -1)"))], {}, ""),
    "overflowing lengths": ([("weight.npy", shaped("(4294967296, 4294967296, 0)"))], {}, "do not fit its shape"),
    "no shape": ([("weight.npy", shaped("'abc'"))], {}, "cannot be read"),
    "code for a shape": ([("weight.npy", shaped("__import__('os')"))], {}, "cannot be read"),
    "deep nesting": ([("weight.npy", shaped("(" * 5000 + ")" * 5000))], {}, "cannot be read"),
    "records": ([("weight.npy", npy(np.zeros(2, [("a", "f8")])))], {}, "not numbers"),
    "strings": ([("weight.npy", npy(np.array(["a"])))], {}, "not numbers"),
    "complex": ([("weight.npy", npy(np.zeros(2, complex)))], {}, "not numbers"),
    "no array": ([("weight.txt", b"1")], {}, "'weight.txt', which is no array"),
    "the same name twice": ([("w.npy", npy(np.zeros(1))), ("w.npy", npy(np.ones(1)))], {}, "twice"),
    "more than its shape": ([("w.npy", npy(np.zeros(2)) + b"more")], {}, "do not fit its shape"),
    "metadata of floats": ([("__metadata__.npy", npy(np.zeros(2)))], {}, "metadata"),
    "metadata that are no JSON": ([("__metadata__.npy", npy(np.frombuffer(b"{", np.uint8)))], {}, "cannot be read"),
    "metadata that are a list": ([("__metadata__.npy", npy(np.frombuffer(b"[]", np.uint8)))], {}, "no JSON object"),
    "deep metadata": ([("__metadata__.npy", npy(np.frombuffer(b"[" * 10**5, np.uint8)))], {}, "cannot be read"),
    "nothing": ([], {}, "no '0.weight'"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(tmp_path, name):
    members, options, message = HOSTILE[name]
    npz(tmp_path / "m.npz", members, **options)
    refused(tmp_path / "m.npz", message)


def test_overlapping_parts_are_refused(tmp_path):
    """A thousand members that are one and the same piece of the file would be a thousand times its size."""
    path = tmp_path / "m.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("w0.npy", npy(np.zeros(1000)))
        for i in range(1, 1000):
            twin = zipfile.ZipInfo(f"w{i}.npy")
            first = archive.filelist[0]
            twin.file_size, twin.compress_size, twin.CRC, twin.header_offset = (
                first.file_size, first.compress_size, first.CRC, first.header_offset,
            )  # fmt: skip
            archive.filelist.append(twin)
    refused(path, "its parts overlap")


def header(facts, content=b""):
    text = json.dumps(facts).encode()
    return len(text).to_bytes(8, "little") + text + content


HOSTILE_SAFETENSORS = {
    "claims terabytes": header({"w": {"dtype": "F64", "shape": [10**12], "data_offsets": [0, 8 * 10**12]}}),
    "a huge header": (2**62).to_bytes(8, "little") + b"{}",
    "an unknown type": header({"w": {"dtype": "X9", "shape": [1], "data_offsets": [0, 1]}}, b"1"),
    "bfloat16": header({"w": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}, b"12"),
}


@pytest.mark.parametrize("name", HOSTILE_SAFETENSORS)
def test_hostile_safetensors_are_refused(tmp_path, name):
    pytest.importorskip("safetensors")
    path = tmp_path / "m.safetensors"
    path.write_bytes(HOSTILE_SAFETENSORS[name])
    refused(path)


def test_another_models_numbers_are_refused(path):
    nn.save(nn.Sequential(nn.Linear(3, 4), nn.Linear(5, 2)), path)
    refused(path, "does not fit: Sequential cannot load this state_dict: ")
    state = network().state_dict()
    state["3.weight"] = np.zeros((2, 5))
    storage.write(path, state, {})
    refused(path, "'3.weight' has shape (2, 5), here (2, 4)")


def test_only_modules_are_saved(tmp_path):
    for function in (nn.save, nn.load):
        with pytest.raises(TypeError, match=r"model must be an nn\.Module, got dict"):
            function({}, tmp_path / "m.npz")
