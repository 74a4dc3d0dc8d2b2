"""Allocations that fail when told: the side of tests/crash/memory.c that tells, and servers under it."""
import mmap
import os
import struct
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OFF, COUNT, ONCE, FROM = range(4)


def build_shim(folder):
    library = os.path.join(str(folder), "memory.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-g", "-Wall", "-D_GNU_SOURCE", "-o", library,
                    os.path.join(ROOT, "tests/crash/memory.c")], check=True)
    return library


class Memory:
    """The control file: memory.fail(ONCE, 7) lets the seventh allocation from now on fail, FROM also all after it."""

    def __init__(self, path):
        self.path = str(path)
        with open(self.path, "wb") as f:
            f.write(bytes(32))
        with open(self.path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 32)

    def environment(self, library):
        return {"LD_PRELOAD": library, "FAULT_MEMORY": self.path}

    def _set(self, mode, left, tells):
        struct.pack_into("<i", self.map, 0, OFF)
        struct.pack_into("<iqqq", self.map, 4, tells, left, 0, 0)
        struct.pack_into("<i", self.map, 0, mode)

    def fail(self, mode, number, tells=False):
        self._set(mode, number, tells)

    def count(self):
        self._set(COUNT, 0, False)

    def stop(self):
        """Nothing fails any more; how many failed."""
        struct.pack_into("<i", self.map, 0, OFF)
        return struct.unpack_from("<q", self.map, 24)[0]

    @property
    def seen(self):
        return struct.unpack_from("<q", self.map, 16)[0]

    @property
    def failed(self):
        return struct.unpack_from("<q", self.map, 24)[0]

    def quiet(self, pause=0.02, most=10):
        """Waits until nothing allocates any more."""
        until, before = time.monotonic() + most, -1
        while before != self.seen and time.monotonic() < until:
            before = self.seen
            time.sleep(pause)
