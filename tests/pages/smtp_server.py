#!/usr/bin/python3
"""A real SMTP server for the tests: every mail becomes a file in the given folder. Prints its port."""
import itertools
import os
import socket
import sys
import time

from aiosmtpd.controller import Controller

folder = sys.argv[1]
numbers = itertools.count(1)


class Keep:
    async def handle_DATA(self, server, session, envelope):
        path = os.path.join(folder, "%04d.eml" % next(numbers))
        with open(path + ".part", "wb") as f:
            f.write(envelope.content)
        os.rename(path + ".part", path)
        return "250 kept"


with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
controller = Controller(Keep(), hostname="127.0.0.1", port=port)
controller.start()
print(port, flush=True)
while os.getppid() != 1:
    time.sleep(1)
