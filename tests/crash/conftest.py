"""Servers that are made to suffer; sizes come from the environment (scripts/soak), short ones are the standard."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from support.cluster import Cluster  # noqa: E402
from support.server import Server  # noqa: E402


def size(name, standard):
    """SOAK_KILLS=1000 and so on."""
    return int(os.environ.get("SOAK_" + name, standard))


@pytest.fixture(scope="module")
def cluster():
    made = Cluster()
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request):
    """The engine's address for a new server; None is the embedded one."""
    return request.getfixturevalue("cluster").new_database() if request.param == "postgres" else None


@pytest.fixture
def new_server(engine):
    made = []

    def make(**options):
        server = Server(engine=engine, **options)
        made.append(server)
        return server

    yield make
    for server in made:
        server.close()
