"""The record store: nothing that was appended is lost, whatever happens to the process, the disk or the end of a file."""

import math
import multiprocessing
import resource
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from gsi_bench_dataset.storage import record_index, record_store
from gsi_bench_dataset.storage.record_store import RecordStore, StoreError, digest

KEYS = [digest("key", i) for i in range(8)]


def filled(folder: Path, count: int = 5) -> Path:
    """A store of `count` records, written one at a time; its only segment."""
    with RecordStore(folder) as store:
        for i, key in enumerate(KEYS[:count]):
            store.append([("scores", key, {"number": i})])
    return segment_of(folder)


def segment_of(folder: Path) -> Path:
    [path] = folder.glob("*.jsonl")
    return path


def kept(folder: Path) -> list[int]:
    """The numbers that a fresh reader finds."""
    store = RecordStore(folder)
    return [i for i, key in enumerate(KEYS) if store.get("scores", key) == {"number": i}]


# Keeping and finding


def test_appended_records_are_found_by_writer_and_reader(tmp_path):
    reader = RecordStore(tmp_path)
    with RecordStore(tmp_path) as writer:
        writer.append([("scores", KEYS[0], {"a": 1}), ("locality", KEYS[0], [2])])
        assert writer.get("scores", KEYS[0]) == {"a": 1}
        assert reader.get("scores", KEYS[0]) is None
        reader.refresh()
        assert (reader.get("scores", KEYS[0]), reader.get("locality", KEYS[0])) == ({"a": 1}, [2])
        writer.append([("scores", KEYS[1], "later")])
        reader.refresh()
        assert reader.get("scores", KEYS[1]) == "later"
    assert len(reader) == 3
    assert reader.get("judgements", KEYS[0]) is None


def test_the_first_record_of_a_key_stays(tmp_path):
    with RecordStore(tmp_path) as first, RecordStore(tmp_path) as second:
        first.append([("scores", KEYS[0], "first")])
        written = segment_of(tmp_path).read_bytes()
        first.append([("scores", KEYS[0], "late")])
        assert segment_of(tmp_path).read_bytes() == written  # not even written
        second.append([("scores", KEYS[0], "another writer's")])
    assert RecordStore(tmp_path).get("scores", KEYS[0]) == first.get("scores", KEYS[0]) == "first"


def test_a_store_without_records_leaves_no_file(tmp_path):
    with RecordStore(tmp_path / "records") as store:
        store.append([])
        store.sync()
    assert list((tmp_path / "records").iterdir()) == []


VALUES = [
    None,
    True,
    0,
    -1,
    2**70,
    0.1,
    5e-324,
    1e308,
    -0.0,
    math.inf,
    -math.inf,
    "",
    "\ud800 half",
    "\x00\n\r\u2028\u0085",
    "🪑",
]


def test_every_json_value_comes_back_bit_for_bit(tmp_path):
    with RecordStore(tmp_path) as store:
        store.append([("scores", digest(i), {"value": value}) for i, value in enumerate(VALUES)])
        store.append([("scores", KEYS[0], [math.nan]), ("scores", KEYS[1], {"crc": "00000000", "ключ\n": [{}, []]})])
    found = RecordStore(tmp_path)
    assert [repr(found.get("scores", digest(i))["value"]) for i in range(len(VALUES))] == [repr(v) for v in VALUES]
    assert math.isnan(found.get("scores", KEYS[0])[0])
    assert found.get("scores", KEYS[1]) == {"crc": "00000000", "ключ\n": [{}, []]}
    assert found.damaged == 0


@pytest.mark.parametrize(("kind", "key"), [("Scores", "ab"), ("scores", "xyz"), ("scores", ""), ('a","key":"b', "ab")])
def test_a_kind_or_key_that_cannot_be_read_is_refused(tmp_path, kind, key):
    with RecordStore(tmp_path) as store, pytest.raises(ValueError, match="kind must be"):
        store.append([(kind, key, 1)])
    assert list(tmp_path.iterdir()) == []


def test_a_digest_is_the_same_for_any_machine_and_field_order():
    assert digest("locality", {"a": [1, 0.1, None], "b": "ü"}) == "715aaae441fb9b81ac1233b45b6d8def"
    assert digest({"a": 1, "b": {"c": 2, "d": 3}}) == digest({"b": {"d": 3, "c": 2}, "a": 1})
    different = [
        digest(),
        digest(""),
        digest("a", "b"),
        digest("ab"),
        digest(["a"], "b"),
        digest("b", "a"),
        digest(1),
        digest("1"),
    ]
    assert len(set(different)) == len(different)


# Several writers


def _write_many(folder: Path, writer: int, count: int) -> None:
    with RecordStore(folder) as store:
        for i in range(count):
            store.append([("scores", digest(writer, i), {"writer": writer, "text": "x" * (i % 97)})])
            if i % 10 == 0:
                store.refresh()
                assert store.damaged == 0


def test_writer_processes_at_once_lose_nothing(tmp_path):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_write_many, args=(tmp_path, writer, 300)) for writer in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    store = RecordStore(tmp_path)
    assert (len(store), store.damaged) == (1200, 0)
    for writer in range(4):
        for i in range(300):
            assert store.get("scores", digest(writer, i)) == {"writer": writer, "text": "x" * (i % 97)}


def test_a_line_that_is_being_written_is_taken_when_it_is_whole(tmp_path):
    line = filled(tmp_path / "whole", 1).read_bytes()
    (tmp_path / "live").mkdir()
    segment = tmp_path / "live" / "0-other.jsonl"
    segment.write_bytes(line[:40])
    reader = RecordStore(tmp_path / "live")
    assert len(reader) == 0
    segment.write_bytes(line)
    reader.refresh()
    assert reader.get("scores", KEYS[0]) == {"number": 0}
    assert reader.damaged == 0


# Damage


def _lines(data: bytes) -> list[int]:
    """Where each line of a segment ends."""
    return [i + 1 for i, byte in enumerate(data) if byte == 10]


@pytest.mark.parametrize("tail", [b"", b"\x00" * 9, b"\x00" * 4096, b"\x00" * 100 + b"\n"], ids=["cut", "9", "page", "line"])
def test_truncated_last_lines_leave_the_records_before(tmp_path, tail):
    data = filled(tmp_path).read_bytes()
    segment, ends = segment_of(tmp_path), _lines(data)
    for cut in range(ends[2], len(data)):
        segment.write_bytes(data[:cut] + tail)
        store = RecordStore(tmp_path)
        whole = sum(end <= cut for end in ends)
        assert [i for i, key in enumerate(KEYS) if store.get("scores", key) is not None] == list(range(whole))
        assert store.damaged == (1 if tail or cut not in ends else 0), cut


def test_a_flipped_bit_costs_at_most_its_records(tmp_path):
    data = filled(tmp_path, 4).read_bytes()
    segment, ends = segment_of(tmp_path), _lines(data)
    for position in range(ends[0], ends[2]):
        for bit in (0, 2, 7):
            segment.write_bytes(data[:position] + bytes([data[position] ^ 1 << bit]) + data[position + 1 :])
            hit = next(i for i, end in enumerate(ends) if position < end)
            assert kept(tmp_path) == [i for i in range(4) if i != hit], (position, bit)
            assert RecordStore(tmp_path).damaged >= 1, (position, bit)


def test_a_hole_of_zeros_costs_only_the_records_under_it(tmp_path):
    data = filled(tmp_path).read_bytes()
    ends = _lines(data)
    start, stop = ends[0] + 20, ends[2] + 20  # in the second line until in the fourth
    segment_of(tmp_path).write_bytes(data[:start] + bytes(stop - start) + data[stop:])
    assert kept(tmp_path) == [0, 4]
    assert RecordStore(tmp_path).damaged == 1


def test_records_made_after_a_torn_tail_are_never_glued_to_it(tmp_path):
    segment = filled(tmp_path)
    segment.write_bytes(segment.read_bytes()[:-30])
    with RecordStore(tmp_path) as store:
        store.append([("scores", KEYS[4], {"number": 4}), ("scores", KEYS[5], {"number": 5})])
    assert kept(tmp_path) == [0, 1, 2, 3, 4, 5]
    assert len(list(tmp_path.glob("*.jsonl"))) == 2


def test_what_is_lost_is_made_again_once(tmp_path):
    segment = filled(tmp_path)
    segment.write_bytes(segment.read_bytes()[:-30])
    for _ in range(3):
        with RecordStore(tmp_path) as store:
            store.append([("scores", key, {"number": i}) for i, key in enumerate(KEYS[:5])])
    assert sum(len(path.read_bytes().splitlines()) for path in tmp_path.glob("*.jsonl")) == 6  # 4 + the torn one + 1


def test_other_files_in_the_folder_are_left_alone(tmp_path):
    filled(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "foreign.jsonl").write_text('{"crc":"00000000","kind":"scores","key":"ab","value":1}\nnot json\n')
    assert kept(tmp_path) == [0, 1, 2, 3, 4]
    assert RecordStore(tmp_path).damaged == 2
    assert (tmp_path / "notes.txt").read_text() == "mine"


# A full disk

_FILL = """
import sys
import tracemalloc
from pathlib import Path
from gsi_bench_dataset.storage.record_store import RecordStore, StoreError, digest

store = RecordStore(Path(sys.argv[1]))
kept = []
try:
    for i in range(1000):
        store.append([("scores", digest(i), {"number": i, "text": "x" * 50})])
        kept.append(i)
except StoreError as error:
    print(error)
    store.append([("scores", digest("small"), 1)])  # room again: another segment
    store.close()
print(len(kept))
assert all(store.get("scores", digest(i)) == {"number": i, "text": "x" * 50} for i in kept)
"""


def _limit_file_size() -> None:
    # A write beyond the limit writes what fits and the next one fails, as on a full disk.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))


def test_a_full_disk_says_what_to_do_and_loses_nothing(tmp_path):
    words = [sys.executable, "-c", _FILL, str(tmp_path)]
    done = subprocess.run(words, preexec_fn=_limit_file_size, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    message, count = done.stdout.splitlines()
    assert 10 < int(count) < 1000
    assert str(tmp_path) in message
    assert "Every record up to here is kept" in message and "run the same command again" in message
    first, _ = sorted(tmp_path.glob("*.jsonl"))
    assert first.stat().st_size == 10_000  # the torn line is really there
    store = RecordStore(tmp_path)
    assert all(store.get("scores", digest(i)) == {"number": i, "text": "x" * 50} for i in range(int(count)))
    assert store.get("scores", digest("small")) == 1
    assert (len(store), store.damaged) == (int(count) + 1, 1)


@pytest.mark.parametrize("failing", ["fsync", "close"])
def test_a_disk_that_fails_late_is_a_store_error_too(tmp_path, monkeypatch, failing):
    """Network file systems report a full disk when the file is synced or closed."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    store = RecordStore(tmp_path)
    store.append([("scores", KEYS[0], {"number": 0})])
    if failing == "fsync":
        monkeypatch.setattr(record_store.os, "fsync", fail)
    else:
        monkeypatch.setattr(record_store._Segment, "close", fail)
    with pytest.raises(StoreError, match="run the same command again"):
        store.close()
    monkeypatch.undo()
    store.append([("scores", KEYS[1], {"number": 1})])
    store.close()
    assert kept(tmp_path) == [0, 1]


def test_an_interrupted_append_leaves_a_writable_store(tmp_path, monkeypatch):
    class Stopped(BaseException):
        pass

    def half(self: object, data: bytes) -> int:
        self._file.write(data[:30])  # type: ignore[attr-defined]
        raise Stopped

    store = RecordStore(tmp_path)
    store.append([("scores", KEYS[0], {"number": 0})])
    monkeypatch.setattr(record_store._Segment, "write", half)
    with pytest.raises(Stopped):
        store.append([("scores", KEYS[1], {"number": 1})])
    monkeypatch.undo()
    store.append([("scores", KEYS[1], {"number": 1}), ("scores", KEYS[2], {"number": 2})])
    store.close()
    assert kept(tmp_path) == [0, 1, 2]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks into /proc")
def test_a_new_segment_and_its_folder_are_put_on_the_disk(tmp_path, monkeypatch):
    """A file that is synced in a folder that is not may be gone after a power cut."""
    synced = []
    monkeypatch.setattr(record_store.os, "fsync", lambda number: synced.append(Path(f"/proc/self/fd/{number}").resolve()))
    with RecordStore(tmp_path) as store:
        store.append([("scores", KEYS[0], 1)])
    assert tmp_path in synced and segment_of(tmp_path) in synced


# Many records


def test_records_whose_keys_share_a_hash_stay_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(record_index, "_hash", lambda kind, key: 7)
    with RecordStore(tmp_path) as store:
        for i, key in enumerate(KEYS):
            store.append([("scores", key, i)])
        assert [store.get("scores", key) for key in KEYS] == [*range(8)]
    reader = RecordStore(tmp_path)
    assert [reader.get("scores", key) for key in KEYS] == [*range(8)]
    assert reader.get("scores", digest("none of them")) is None


def test_records_are_found_before_and_after_sorting_in(tmp_path, monkeypatch):
    monkeypatch.setattr(record_index, "_MOST_RECENT", 3)
    with RecordStore(tmp_path) as store, RecordStore(tmp_path) as other:
        for i, key in enumerate(KEYS):
            store.append([("scores", key, i), ("locality", key, -i)])
            other.refresh()
            other.append([("scores", key, "late")])
            assert [store.get("scores", k) for k in KEYS[: i + 1]] == [*range(i + 1)]
        store.refresh()
        assert store.counts() == {"scores": 8, "locality": 8}
        assert len(other) == 16
    assert [RecordStore(tmp_path).get("locality", key) for key in KEYS] == [-i for i in range(8)]


def test_a_record_takes_little_memory(tmp_path):
    with RecordStore(tmp_path) as store:
        for start in range(0, 20_000, 1000):
            store.append([("scores", digest(i), i) for i in range(start, start + 1000)])
    tracemalloc.start()
    reader = RecordStore(tmp_path)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(reader) == 20_000
    assert held < 60 * 20_000  # bytes; a dictionary of keys took 400 a record
