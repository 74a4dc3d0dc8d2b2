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
    return request.param


@pytest.fixture
def new_server(request, engine):
    """Makes servers, each with a database of its own."""
    made = []

    def make(**options):
        url = request.getfixturevalue("cluster").new_database() if engine == "postgres" else None
        server = Server(engine=url, **options)
        made.append(server)
        return server

    yield make
    for server in made:
        server.close()
