"""Files that mean harm, or are broken, by name. Each must be refused; none may do anything.

The groups are those of published attacks: calls of every kind, names with dots, pickles inside
pickles, memory bombs, impossible structures and views, archives that deceive, broken downloads.
"""

import json
import struct
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
import torch
from worlds import small_generator

from benchmarks.trust.hostile.pickle_writer import (
    Call,
    Persistent,
    Raw,
    easy,
    named,
    nvidia,
    persistent,
    pickled,
    rosinality,
    snapshot,
    tensorflow,
    torch_saved,
)  # fmt: skip
from stylegan import Config

TINY = Config(8, 4, 4, 32, 4, mapping_layers=1, mapping_features=4)
GENERATOR = small_generator(TINY)
GOOD = pickled(snapshot(nvidia(GENERATOR)))
MARKER = "dragphoto-was-executed"  # what a payload would leave behind

CALLED = [
    "os.system", "posix.system", "nt.system", "subprocess.Popen", "subprocess.call",
    "subprocess.check_output", "builtins.eval", "builtins.exec", "builtins.open",
    "builtins.getattr", "builtins.compile", "builtins.__import__", "builtins.map",
    "builtins.bytearray", "builtins.print", "importlib.import_module", "runpy._run_code",
    "runpy.run_path", "pkgutil.resolve_name", "operator.attrgetter", "operator.methodcaller",
    "_operator.attrgetter", "_pickle.loads", "pickle.loads", "copyreg._reconstructor",
    "copyreg.add_extension", "webbrowser.open", "ctypes.CDLL",
    "numpy.testing._private.utils.runstring", "numpy.f2py.crackfortran.getlincoef",
    "torch.hub.load", "torch.load", "torch.jit.load", "torch.utils.collect_env.run",
    "torch._dynamo.guards.GuardBuilder.get", "timeit.timeit", "cProfile.run", "profile.run",
    "pdb.run", "code.InteractiveInterpreter.runcode", "bdb.Bdb.run",
    "asyncio.unix_events._UnixSubprocessTransport._start", "pip.main", "pip._internal.main",
    "venv.create", "socket.create_connection", "urllib.request.urlopen", "shutil.rmtree",
    "pathlib.Path.unlink", "tempfile.mkdtemp", "multiprocessing.util.spawnv_passfds",
    "distutils.file_util.write_file", "imaplib.IMAP4_stream", "uuid._get_command_stdout",
    "_pyrepl.pager.pipe_pager", "lib2to3.pgen2.pgen.ParserGenerator.make_label",
    "idlelib.autocomplete.AutoComplete.fetch_completions", "trace.Trace.run",
    "doctest.debug_script", "functools.partial", "types.FunctionType", "types.CodeType",
    "marshal.loads", "dnnlib.util.call_func_by_name", "torch_utils.persistence._src_to_module",
    "torch.nn.modules.module.Module", "torch.storage.UntypedStorage", "numpy.load",
    "numpy.core.multiarray.fromfile", "collections.namedtuple",
]  # fmt: skip
DOTTED = {
    "torch hub": ("torch", "hub.os.system"),
    "numpy core": ("numpy", "_core.os.system"),
    "sys.modules": ("collections", "_sys.modules"),
    "OrderedDict's": ("collections", "OrderedDict.__init__.__globals__"),
    "EasyDict's": ("dnnlib.util", "EasyDict.__class__"),
    "empty": ("", ""),
    "escape codes": ("os\x1b[31m", "system\r"),
    "very long": ("a" * 900, "b" * 900),
}


@cache
def corpus() -> dict[str, bytes]:
    """The files by name."""
    groups = (calls, dotted, smuggled, memory, structure, views, broken, archives, legacy, tables)
    found = [(f"{group.__name__}: {name}", data) for group in groups for name, data in group()]
    assert len(dict(found)) == len(found)
    return dict(found)


Files = Iterator[tuple[str, bytes]]


def raw(body: bytes, protocol: int = 4) -> bytes:
    return b"\x80" + bytes([protocol]) + body + b"."


def text(words: str) -> bytes:
    data = words.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def call(module: str, name: str) -> bytes:
    """Push the result of a call."""
    return text(module) + text(name) + b"\x93" + text(f"touch {MARKER}") + b"\x85R"


def model(**buffers: Any) -> bytes:
    """A good model but for these values in place of the mapping's tensors."""

    def change(name: str, state: dict[str, Any]) -> None:
        if name == "mapping":
            state["_buffers"].update(buffers)

    return pickled(snapshot(nvidia(GENERATOR, change=change)))


def calls() -> Files:
    for full in CALLED:
        module, _, name = full.rpartition(".")
        yield full, raw(call(module, name))
    yield "inside a model", model(w_avg=Raw(call("os", "system")))
    yield "inside the arguments", model(extra=Raw(call("builtins", "eval")))
    command = text(f"touch {MARKER}")
    old = b"cos\nsystem\n(S'touch " + MARKER.encode() + b"'\ntR."
    yield "protocol 0", old
    yield "protocol 0 with a head", b"\x80\x02" + old
    yield "protocol 1", b"cos\nsystem\n" + command + b"\x85R."
    yield "protocol 2 name", raw(b"cos\nsystem\n" + command + b"\x85R", 2)
    yield "INST", raw(b"(" + command + b"ios\nsystem\n", 2)
    yield "OBJ", raw(b"(cos\nsystem\n" + command + b"o", 2)
    yield "NEWOBJ", raw(b"cos\nsystem\n" + command + b"\x85\x81", 2)
    yield "NEWOBJ_EX", raw(text("os") + text("system") + b"\x93" + command + b"\x85}\x92")
    yield "BUILD with __setstate__", raw(
        text("collections") + text("OrderedDict") + b"\x93" + b"}" + text("__setstate__")
        + text("os") + b"sb"
    )  # fmt: skip
    yield "EXT1", raw(b"\x82\x01", 2)
    yield "EXT2", raw(b"\x83\x01\x00", 2)
    yield "EXT4", raw(b"\x84\x01\x00\x00\x00", 2)
    yield "PERSID", raw(b"Pos.system\n", 2)
    yield "a string as a maker", raw(command + b")R")
    yield "a listed class called", model(w_avg=Call(named("numpy", "ndarray"), ((1,),)))


def dotted() -> Files:
    for name, (module, attribute) in DOTTED.items():
        yield name, raw(call(module, attribute))
        yield f"{name}, inside a model", model(w_avg=Raw(call(module, attribute)))


def stream(**changes: Any) -> bytes:
    """What torch.save wrote of four numbers before it wrote archives."""
    parts = {
        "magic": 0x1950A86A20F9469CFC6C, "version": 1001, "system": {"little_endian": True},
        "storage": ("storage", named("torch", "FloatStorage"), "0", "cpu", 4, None),
        "keys": ["0"], "count": 4, "numbers": np.ones(4, "<f4").tobytes(), "object": None,
    } | changes  # fmt: skip
    outside = parts["object"] or Persistent(parts["storage"])
    pickles = (parts["magic"], parts["version"], parts["system"], outside, parts["keys"])
    head = b"".join(pickled(part, 2) for part in pickles)
    return head + struct.pack("<q", parts["count"]) + parts["numbers"]


def view(data: Any, offset: Any = 0, size: Any = (4,), stride: Any = (1,)) -> Call:
    """A tensor whose storage these bytes are."""
    storage = data
    if isinstance(data, bytes):
        storage = Call(named("torch.storage", "_load_from_bytes"), (data,))
    maker = named("torch._utils", "_rebuild_tensor_v2")
    return Call(maker, (storage, offset, size, stride, False, {}))


def smuggled() -> Files:
    evil = raw(call("os", "system"), 2)
    yield "a pickle as a storage", model(w_avg=view(evil))
    for place in ("magic", "version", "system", "object", "keys"):
        yield (
            f"as {place} of a storage",
            model(w_avg=view(stream(**{place: Raw(call("os", "system"))}))),
        )
    inner = Call(named("torch.storage", "_load_from_bytes"), (stream(),))
    yield "a storage in a storage", model(w_avg=view(stream(object=inner)))
    yield "a second pickle", GOOD + evil
    yield "a second good pickle", GOOD + GOOD
    yield "zeros behind", GOOD + bytes(8)
    yield "an archive behind", GOOD + torch_saved(nvidia(GENERATOR))
    old = torch_saved(rosinality(GENERATOR), zipped=False)
    yield "an archive behind an old one", old + torch_saved(rosinality(GENERATOR))
    yield "a frame that ends inside", b"\x80\x04\x95" + struct.pack("<Q", 1 << 40) + GOOD[2:]


def memory() -> Files:
    for size in (1 << 27, (1 << 31) - 1, (1 << 32) - 1):
        yield f"memo {size}", raw(b"Nr" + struct.pack("<I", size))
    for name, code in (("BINBYTES8", 0x8E), ("BINUNICODE8", 0x8D), ("BYTEARRAY8", 0x96)):
        for size in (1 << 40, (1 << 64) - 1):
            yield f"{name} {size}", raw(bytes([code]) + struct.pack("<Q", size) + b"x" * 32)
    yield "FRAME", raw(b"\x95" + struct.pack("<Q", 1 << 40) + b"N")
    yield "LONG4", raw(b"\x8b" + struct.pack("<I", (1 << 31) - 1) + b"1" * 32)
    yield "LONG", raw(b"L" + b"9" * 400_000 + b"L\n")
    yield "DUP", raw(b"N" + b"2" * 3_000_000)
    yield "many sets", raw(b"]" + b"\x8fa" * 150_000)
    yield "many dictionaries", raw(b"(" + b"}" * 150_000 + b"t")
    yield "many marks", raw(b"(" * 150_000)
    yield "much text", raw(b"](" + (b"X\x00\x04\x00\x00" + b"x" * 1024) * 18_000 + b"e")
    yield "endless", raw(b"N0" * 400_000)
    yield "pickles without end", raw(b"Nq\x00" * 300_000)
    for count in (1 << 40, (1 << 62)):
        storage = ("storage", named("torch", "FloatStorage"), "0", "cpu", count, None)
        yield (
            f"storage of {count}",
            model(w_avg=view(stream(storage=storage, count=count), size=(count,))),
        )
    yield "array of 2^60", model(w_avg=np_array((1 << 30, 1 << 30)))


def np_array(shape: Any, kind: str = "f4", data: bytes = b"1234") -> Call:
    """An array as numpy pickles it."""
    dtype = Call(
        named("numpy", "dtype"), (kind, False, True), (3, "<", None, None, None, -1, -1, 0)
    )
    maker = named("numpy.core.multiarray", "_reconstruct")
    ndarray = named("numpy", "ndarray")
    return Call(maker, (ndarray, (0,), b"b"), (1, shape, dtype, False, data))


def structure() -> Files:
    yield "laughs", raw(b"]q\x00" + b"".join(b"](h%ch%ceq%c" % (k, k, k + 1) for k in range(60)))
    yield "laughs as the mapping", model(w_avg=Raw(b"]" + b"\x94(h\x00h\x00e" * 3000))
    yield "nested tuples", raw(b")" + b"\x85" * 1_000_000)
    yield "nested tuples, fewer", raw(b")" + b"\x85" * 150_000)
    yield "nested lists", raw(b"]" * 15_000 + b"a" * 14_999)
    yield "a tuple as a key", raw(b"})" + b"\x85" * 100_000 + b"Ns")
    yield "a list as a key", raw(b"}]Ns")
    yield "a number as a key", raw(b"}G" + bytes(8) + b"Ns")
    collide = b"".join(b"\x8a\x09" + ((k << 61) - k).to_bytes(9, "little") for k in range(9))
    yield "large keys", raw(b"\x8f(" + collide + b"\x90")
    yield "a dictionary in itself", raw(b"}\x94" + text("G_ema") + b"h\x00s")
    yield "a network in itself", raw(
        text("torch_utils.persistence") + text("_reconstruct_persistent_obj") + b"\x93"
        + b"}\x94(" + text("type") + text("class") + text("class_name") + text("Generator")
        + text("state") + b"h\x00" + text("_modules") + b"h\x00" + b"u\x85R"
    )  # fmt: skip
    for name, body in {
        "nothing": b"", "pop": b"a", "no mark": b"t", "no list": b"NNa", "no pair": b"}(Nu",
        "mark in the way": b"N(a", "two values": b"NN", "open mark": b"(N", "no memo": b"h\x07",
        "memo of nothing": b"\x94", "build on nothing": b"Nb", "build on None": b"N}b",
        "tuple of nothing": b"\x87", "no set": b"](N\x90", "persistent": b"NQ",
        "persistent tuple": b")Q", "names that are numbers": b"K\x01K\x02\x93",
    }.items():  # fmt: skip
        yield name, raw(body)
    yield (
        "twice built",
        raw(text("numpy") + text("dtype") + b"\x93)R}" + text("a") + b"Nsb}" + text("b") + b"Nsb"),
    )
    shared = persistent("Generator", {"_modules": {}, "_parameters": {}, "_buffers": {}})
    for _ in range(9):
        modules = {str(k): shared for k in range(9)}
        shared = persistent("Layer", {"_modules": modules, "_parameters": {}, "_buffers": {}})
    yield "layers shared by layers", pickled(snapshot(shared))
    many = {f"w{k}": None for k in range(30_000)}
    shared = persistent("Layer", {"_modules": {}, "_parameters": many, "_buffers": many, **many})
    modules = dict.fromkeys(("mapping", "synthesis", *map(str, range(900))), shared)
    state = {"_modules": modules, "_parameters": {}, "_buffers": {}}
    yield "many layers with the same many tensors", pickled(snapshot(persistent("G", state)))
    value = rosinality(GENERATOR)
    value["g_ema"].update({f"{k}.kernel": value["latent_avg"] for k in range(5000)})
    yield "many filters", torch_saved(value)
    network = tensorflow(GENERATOR)
    network.state["variables"] = [("lod", None)] * 30_000
    yield "many variables", pickled((network,) * 3)
    slow = {k: k for k in range(30_000)}
    yield (
        "a storage of many opcodes",
        model(w_avg=view(stream(system={"little_endian": True, **slow}))),
    )
    network = Call(named("dnnlib.tflib.network", "Network"), state={"variables": []}, new=True)
    for _ in range(9):
        parts = {str(k): network for k in range(9)}
        state = {"variables": [], "components": parts, "static_kwargs": easy({})}
        network = Call(named("dnnlib.tflib.network", "Network"), state=state, new=True)
    yield "networks shared by networks", pickled((network,) * 3)


def views() -> Files:
    good = stream()
    for name, changes in {
        "stride 0": {"size": (1 << 20, 1 << 20), "stride": (0, 0)}, "gaps": {"stride": (3,)},
        "beyond": {"offset": 2}, "before": {"offset": -1}, "backwards": {"stride": (-1,)},
        "no axis": {"stride": ()}, "many axes": {"size": (1,) * 70, "stride": (1,) * 70},
        "overflow": {"size": ((1 << 62) + 2,)}, "empty": {"size": (0,)}, "text": {"size": ("4",)},
        "truth": {"size": (True,)}, "a list": {"size": [4]}, "float": {"offset": 0.0},
        "expanded": {"size": (4,), "stride": (0,)},
    }.items():  # fmt: skip
        yield name, model(w_avg=view(good, **changes))
    for name, changes in {
        "another magic": {"magic": 7}, "another version": {"version": 1002},
        "big endian": {"system": {"little_endian": False}}, "no system": {"system": 1},
        "another key": {"keys": ["1"]}, "two keys": {"keys": ["0", "1"]}, "no keys": {"keys": []},
        "keys of numbers": {"keys": [0]}, "another count": {"count": 5}, "negative": {"count": -1},
        "cut short": {"numbers": bytes(15)}, "too long": {"numbers": bytes(17)},
    }.items():  # fmt: skip
        yield name, model(w_avg=view(stream(**changes)))
    for kind in ("Int", "Long", "Bool", "BFloat16"):
        storage = ("storage", named("torch", f"{kind}Storage"), "0", "cpu", 4, None)
        width = {"Int": 16, "Long": 32, "Bool": 4, "BFloat16": 8}[kind]
        yield f"{kind} numbers", model(w_avg=view(stream(storage=storage, numbers=bytes(width))))
    outside = ("storage", named("torch", "FloatStorage"), "0", "cpu", 4)
    yield "a view of a view", model(w_avg=view(stream(storage=(*outside, ("1", 0, 4)))))
    yield "a storage that is nowhere", model(w_avg=view(Persistent(outside)))
    yield "an array of objects", tf(np_array((4,), "O8"))
    yield "an array of texts", tf(np_array((1,), "U1"))
    yield "an array that is too short", tf(np_array((4,), "f4", b"1234"))
    yield "an array of lists", tf(np_array((4,), "f4", [1.0] * 4))  # type: ignore[arg-type]
    yield "an array by columns", tf(Call(named("numpy.core.multiarray", "_reconstruct"), (), ()))


def tf(mean: Call) -> bytes:
    """A TensorFlow model but for this array."""
    network = tensorflow(GENERATOR)
    network.state["variables"] = [("dlatent_avg", mean)]
    return pickled((network,) * 3)


def broken() -> Files:
    yield "empty", b""
    yield "noise", np.random.default_rng(0).bytes(4096)
    yield "text", b"stylegan2-ffhq-512x512"
    yield "web page", b"\n<!DOCTYPE html><html><title>404 Not Found</title></html>"
    yield "git-LFS pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    yield "photo", b"\xff\xd8\xff\xe0" + bytes(64)
    yield "drawing", b"\x89PNG\r\n\x1a\n" + bytes(64)
    yield "gzip", b"\x1f\x8b\x08" + bytes(64)
    for share in (0.1, 0.5, 0.9, 0.999):
        yield f"{share} of a pickle", GOOD[: int(share * len(GOOD))]
        archive = torch_saved(nvidia(GENERATOR))
        yield f"{share} of an archive", archive[: int(share * len(archive))]
        old = torch_saved(rosinality(GENERATOR), zipped=False)
        yield f"{share} of an old archive", old[: int(share * len(old))]
    yield "protocol 1", b"\x80\x01N."
    yield "protocol 255", b"\x80\xffN."
    yield "another value", pickled({"weights": [1, 2, 3]})
    yield "no G_ema", pickled({"G": nvidia(GENERATOR)})
    yield "G_ema is None", pickled({"G_ema": None})
    yield "not a number", model(w_avg=torch.tensor([0.0, torch.nan, 0, 0]))
    yield "infinite", model(w_avg=torch.tensor([0.0, torch.inf, 0, 0]))
    yield "another shape", model(w_avg=torch.zeros(5))
    yield "one tensor more", model(extra=torch.zeros(4))
    yield "one tensor less", model(w_avg=None)
    yield "text that is no UTF-8", raw(b"X\x02\x00\x00\x00\xff\xfe")
    yield "letters that are no bytes", model(
        w_avg=view(Call(named("torch.storage", "_load_from_bytes"), (Call(
            named("_codecs", "encode"), ("€" * 2000, "latin1")),)))
    )  # fmt: skip


def archive(members: dict[str, bytes], kind: int = zipfile.ZIP_STORED, mode: int = 0) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", kind) as packed:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            entry.compress_type = kind
            packed.writestr(entry, data)
    return file.getvalue()


def archives() -> Files:
    evil = raw(call("os", "system"), 2)
    yield "evil", archive({"archive/data.pkl": evil, "archive/version": b"3"})
    yield (
        "bomb",
        archive(
            {"a/data.pkl": GOOD, "a/version": b"3", "a/data/0": bytes(50_000_000)},
            zipfile.ZIP_DEFLATED,
        ),
    )
    yield "packed", archive({"a/data.pkl": GOOD, "a/version": b"3"}, zipfile.ZIP_DEFLATED)
    yield "link", archive({"a/data.pkl": b"/etc/passwd", "a/version": b"3"}, mode=0o120777)
    yield "two pickles", archive({"a/data.pkl": GOOD, "b/data.pkl": evil, "a/version": b"3"})
    yield "no version", archive({"a/data.pkl": pickled(nvidia(GENERATOR), 2)})
    yield "no pickle", archive({"a/version": b"3", "a/data/0": b"1234"})
    yield "other files", archive({"readme.txt": b"hello"})
    yield "nothing", archive({})
    for name in ("../data.pkl", "/a/data.pkl", "a/../../data.pkl", "a\\..\\data.pkl"):
        yield f"called {name}", archive({name: GOOD, "version": b"3"})
    yield "trailing data", archive({"a/data.pkl": GOOD + evil, "a/version": b"3"})
    whole = torch_saved(nvidia(GENERATOR))
    yield "something behind", whole + b"behind"
    at = whole.rfind(b"PK\5\6")
    for name, (place, value) in {
        "entries": (10, 60000), "directory's size": (12, 1 << 31), "its place": (16, 1 << 31),
        "a comment": (20, 9),
    }.items():  # fmt: skip
        size = 2 if name in ("entries", "a comment") else 4
        changed = value.to_bytes(size, "little")
        yield f"wrong {name}", whole[: at + place] + changed + whole[at + place + size :]
    directory = whole.find(b"PK\1\2")
    for name, place in {"size": 24, "offset": 42, "method": 10, "signature": 0}.items():
        yield (
            f"wrong {name} of a file",
            (whole[: directory + place] + b"\x77\x77" + whole[directory + place + 2 :]),
        )
    storage = ("storage", named("torch", "FloatStorage"), "../../etc/passwd", "cpu", 4)
    yield (
        "storage elsewhere",
        archive(
            {
                "a/data.pkl": pickled(persistent("G", {"w": Persistent(storage)}), 2),
                "a/version": b"3",
            }
        ),
    )


def legacy() -> Files:
    yield "evil", stream(object=Raw(call("os", "system")))
    yield "only a head", pickled(0x1950A86A20F9469CFC6C, 2)
    yield "a storage alone", stream()
    good = torch_saved(rosinality(GENERATOR), zipped=False)
    yield "trailing", good + b"1234"
    for name, change in ROSINALITY.items():
        value = rosinality(GENERATOR)
        change(value)
        yield name, torch_saved(value, zipped=False)


ROSINALITY: dict[str, Callable[[dict], object]] = {
    "a mean that is none": lambda value: value.update(latent_avg=[]),
    "a mean of another length": lambda value: value.update(latent_avg=torch.zeros(1, 5)),
    "no weights": lambda value: value.update(g_ema={}),
    "weights that are none": lambda value: value.update(g_ema=[]),
    "another name": lambda value: value["g_ema"].update(other=torch.zeros(4)),
    "another filter": lambda value: value["g_ema"].update(
        {"convs.0.conv.blur.kernel": torch.ones(4, 4)}
    ),
    "no axes": lambda value: value["g_ema"].update({"noises.noise_0": torch.zeros(())}),
    "numbers as names": lambda value: value["g_ema"].update({7: torch.zeros(4)}),
    "whole numbers": lambda value: value["g_ema"].update(
        {"style.1.bias": torch.zeros(4, dtype=torch.long)}
    ),
}


def tables() -> Files:
    """safetensors."""

    def table(header: bytes, data: bytes = b"") -> bytes:
        return struct.pack("<Q", len(header)) + header + data

    def described(**parts: Any) -> bytes:
        return json.dumps(parts).encode()

    one = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    yield "long header", struct.pack("<Q", 1 << 60) + b"{}"
    yield "deep header", table(b'{"a":' * 200_000 + b"1" + b"}" * 200_000)
    yield "overlap", table(described(a=one, b=one), bytes(4))
    yield "hole", table(described(a={**one, "data_offsets": [4, 8]}), bytes(8))
    yield "overflow", table(described(a={**one, "shape": [1 << 62, 4]}), bytes(4))
    yield "no model", table(described(a=one), bytes(4))
    for name, config in {
        "deep configuration": "[" * 200_000, "no configuration": "7",
        "huge": '{"resolution": 1024, "channel_max": 1000000, "channel_base": 1000000000}',
        "huge, within its limits": '{"resolution": 1024, "channel_max": 65536, "w_dim": 1000000}',
        "deep": '{"resolution": 8, "mapping_layers": 1000000000}',
        "large": f'{{"resolution": {2**4000}}}', "half": '{"resolution": 8, "z_dim": 0.5}',
        "endless gain": '{"resolution": 8, "lr_multiplier": "1"}',
        "odd resolution": '{"resolution": 100}', "text": '{"resolution": "8"}',
    }.items():  # fmt: skip
        facts = {"config": config, "feature_side": "8"}
        yield name, table(described(__metadata__=facts, a=one), bytes(4))
