"""Imports on a disk that fills: refused in words, the rows as they were, and no restart is needed when there is room again."""
import gzip
import os
import subprocess

import pytest

from support.server import Api, Server


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("only root may mount a small file system")
    server = Server(data=str(folder / "data"))
    try:
        yield server.start()
    finally:
        server.close()
        subprocess.run(["umount", str(folder)], check=True)


def test_an_import_that_fills_the_disk_changes_nothing(small_disk):
    api = Api(small_disk.url, small_disk.master)
    assert api.post("buckets", json={"name": "main", "stage": "in"}).status_code == 201
    few = api.upload("id,name\n1,a\n")
    many = api.upload(gzip.compress(b"id,name\n" + b"".join(b"%d,%s\n" % (i, b"x" * 100) for i in range(600000))), name="many.csv.gz")

    def create(name, file_id):
        return api.wait(api.post("buckets/in.c-main/tables-async", json={"name": name, "dataFileId": file_id}))

    def load(file_id, incremental):
        return api.wait(api.post("tables/in.c-main.t/import-async", json={"dataFileId": file_id, "incremental": incremental}))

    assert create("t", few)["status"] == "success"
    for failed in (load(many, False), load(many, True), create("u", many)):
        assert failed["status"] == "error" and "The disk is full" in failed["error"]["message"], failed
    assert api.get("tables/in.c-main.t/data-preview").text == '"id","name"\n"1","a"\n'
    assert [t["id"] for t in api.get("tables").json()] == ["in.c-main.t"]
    assert load(few, True)["status"] == "success"
    assert api.get("tables/in.c-main.t").json()["rowsCount"] == 2
    sizes = [os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(os.path.join(small_disk.data, "rows")) for name in names]
    assert sum(sizes) < 1 << 20, "what failed left its rows behind"
