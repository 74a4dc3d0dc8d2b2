"""A throw-away PostgreSQL 15 cluster: made in a temporary folder, on a socket and a free port, gone afterwards."""
import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def _bin(name):
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/" + name))
    if not found:
        raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1]


class Cluster:
    """start() and stop() may be repeated: the data stays until close()."""

    def __init__(self, **settings):
        self.folder = tempfile.mkdtemp(prefix="chatelaine-pg-")
        self.port = free_port()
        self.settings = {"fsync": "on", "max_connections": "500", "shared_buffers": "64MB", **settings}
        self.databases = 0
        if os.getuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self._run(_bin("initdb"), "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        with open(os.path.join(self.data, "postgresql.auto.conf"), "a", encoding="utf-8") as f:
            for key, value in self.settings.items():
                f.write("%s = '%s'\n" % (key, value))
        self.start()

    @property
    def data(self):
        return os.path.join(self.folder, "data")

    def _run(self, *command, check=True):
        prefix = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        return subprocess.run(prefix + list(command), check=check, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/")

    def start(self):
        options = "-p %d -k %s -c listen_addresses=127.0.0.1" % (self.port, self.folder)
        self._run(_bin("pg_ctl"), "-D", self.data, "-w", "-t", "60", "-l", os.path.join(self.folder, "log"), "-o", options, "start")

    def stop(self, mode="fast"):
        self._run(_bin("pg_ctl"), "-D", self.data, "-w", "-m", mode, "stop", check=False)

    def url(self, database="postgres"):
        return "postgresql://postgres@127.0.0.1:%d/%s" % (self.port, database)

    def new_database(self):
        self.databases += 1
        name = "c%d_%d" % (os.getpid(), self.databases)
        for attempt in range(10):
            done = subprocess.run([_bin("psql"), "-q", "-c", "CREATE DATABASE " + name, self.url()], stderr=subprocess.PIPE)
            if done.returncode == 0:
                return self.url(name)
            time.sleep(0.3 * (attempt + 1))
        raise RuntimeError(done.stderr.decode())

    def close(self):
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)
