"""For pytest -p: which tests run and in which order (MUTATION_TESTS: a file of their ids), and which checks each of them reaches
(MUTATION_REACHED: a file to add lines to)."""
import json
import mmap
import os
import tempfile
import time

import pytest

chosen = os.environ.get("MUTATION_TESTS")
notes = os.environ.get("MUTATION_REACHED")


def pytest_collection_modifyitems(config, items):
    if chosen:
        place = {line: i for i, line in enumerate(open(chosen, encoding="utf-8").read().splitlines())}
        items[:] = sorted((item for item in items if item.nodeid in place), key=lambda item: place[item.nodeid])


if notes:
    size = int(os.environ["MUTATION_COUNT"]) + 1
    handle, path = tempfile.mkstemp(prefix="reached-", dir=os.path.dirname(notes))
    os.ftruncate(handle, size)
    reached = mmap.mmap(handle, size)
    os.environ["CHATELAINE_MUTATION_REACHED"] = path

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(item):
        reached[:] = bytes(size)
        begun = time.monotonic()
        yield
        numbers = [n for n, hit in enumerate(reached[:]) if hit]
        with open(notes, "a", encoding="utf-8") as f:
            f.write(json.dumps([item.nodeid, round(time.monotonic() - begun, 3), numbers]) + "\n")
