"""How often a second a page can be written and synced, one after another: sync_rate.py FOLDER SECONDS."""
import os
import sys
import time

SECONDS = float(sys.argv[2])
fd = os.open(os.path.join(sys.argv[1], "sync"), os.O_CREAT | os.O_WRONLY)
done, end = 0, time.monotonic() + SECONDS
while time.monotonic() < end:
    os.pwrite(fd, b"x" * 4096, done % 1000 * 4096)
    os.fdatasync(fd)
    done += 1
print(done / SECONDS)
