#!/usr/bin/env python3
"""Leaves out each check of authorization in turn; the tests of tests/api must notice.

  run.py             all of them (scripts/soak mutation)
  run.py --sample N  N of them, always the same, tried by the matrix and the escapes only (scripts/check mutation)
  run.py --list      where they are
  run.py TEXT...     those whose name has TEXT in it

A copy of the sources is built once with a switch at every check (sites.py). A first run without any switch notes which test reaches
which check; then each check is left out, and the tests that reach it run until one fails. A check that only asks again what the route
has asked already is a second line: it is left out together with the routes' requirements (DOORS), and the matrix must notice.

What no test notices is a hole in the tests and fails the run, unless equivalent.txt says why nobody can tell; an entry there that is
noticed, or is no check any more, fails it too.
"""
import argparse
import collections
import concurrent.futures
import fnmatch
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import sites  # noqa: E402

# Those that try most first, then the rest by name; tests that take longer than this come last.
FIRST = ["test_matrix.py", "test_escapes.py", "test_permissions.py", "test_revocation.py"]
SLOW_S = 1.5
SAMPLE_FILES = ["test_matrix.py", "test_escapes.py"]
# The requirements of routes behind which handlers ask the same again, and the tests that then still hold.
DOORS = re.compile(r" route: .*: (WRITER -> TOKEN|TOKEN_MANAGER -> MASTER_WRITER|MASTER_WRITER -> WRITER|SUPER -> USER)$")
BEHIND = re.compile(r"test_matrix\.py::test_(R09_who_may_call|R03_management_routes)\[")


def build(work):
    """The program with all switches; its sites by number."""
    copy = os.path.join(work, "copy")
    os.mkdir(copy)
    tracked = subprocess.check_output(["git", "-C", ROOT, "ls-files", "meson.build", "meson_options.txt", "src", "sql", "scripts", "docs/chatelaine.1", "components", "tests/meson.build"],
                                      text=True).split()
    for path in tracked:
        os.makedirs(os.path.join(copy, os.path.dirname(path)), exist_ok=True)
        shutil.copy2(os.path.join(ROOT, path), os.path.join(copy, path))
    for name in ("mutation.c", "mutation.h"):
        shutil.copy2(os.path.join(HERE, name), os.path.join(copy, "src", name))
    os.makedirs(os.path.join(copy, "tests"), exist_ok=True)
    open(os.path.join(copy, "tests", "meson.build"), "w", encoding="utf-8").close()
    found = sites.rewrite(ROOT, copy)
    # Hashing passwords well is most of the work of starting a server, and is not what is tried here.
    secret = os.path.join(copy, "src", "base", "secret.c")
    text = open(secret, encoding="utf-8").read()
    open(secret, "w", encoding="utf-8").write(text.replace("_OPSLIMIT_INTERACTIVE", "_OPSLIMIT_MIN").replace("_MEMLIMIT_INTERACTIVE", "_MEMLIMIT_MIN"))
    folder = os.path.join(copy, "build")
    for command in (["meson", "setup", folder, copy, "--buildtype=plain", "-Dwerror=false", "-Dwarning_level=0"], ["ninja", "-k", "0", "-C", folder, "chatelaine"]):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            sys.exit(done.stdout[-6000:])
    return os.path.join(folder, "chatelaine"), found


class Tests:
    def __init__(self, work, program, count, files):
        self.work, self.program, self.count, self.files = work, program, count, files
        self.seconds, self.reach, self.reach_behind = {}, collections.defaultdict(list), collections.defaultdict(list)

    def run(self, number, tests=None, more=(), files=None, **environment):
        """pytest's exit code and output with this check, or these, left out."""
        number = ",".join(str(n) for n in ([number] if isinstance(number, int) else number))
        scratch = tempfile.mkdtemp(prefix="tmp-", dir=self.work)
        environment = {**os.environ, "CHATELAINE": self.program, "CHATELAINE_MUTANT": number, "TMPDIR": scratch, "PYTHONDONTWRITEBYTECODE": "1",
                       "PYTHONPATH": HERE, **environment}
        files = files or self.files
        if tests is not None:
            files = sorted({test.split("::")[0] for test in tests}, key=self.place)
            environment["MUTATION_TESTS"] = os.path.join(scratch, "tests")
            with open(environment["MUTATION_TESTS"], "w", encoding="utf-8") as f:
                f.write("\n".join(tests))
        done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "plugin", "--tb=line", *more, *files], cwd=os.path.join(ROOT, "tests", "api"), env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        shutil.rmtree(scratch, ignore_errors=True)
        return done.returncode, done.stdout

    @staticmethod
    def failed(output):
        return re.findall(r"^(?:FAILED|ERROR) (\S.*?)(?: - .*)?$", output, re.M)

    @staticmethod
    def place(file):
        return (FIRST.index(file) if file in FIRST else len(FIRST), file)

    def noting(self, name):
        """A file for what tests reach, and what makes the plugin write it."""
        notes = os.path.join(self.work, name)
        return notes, {"MUTATION_REACHED": notes, "MUTATION_COUNT": str(self.count)}

    def learn(self, jobs):
        """What reaches what. Without any switch everything must pass; a few that need more time than a busy machine has are set aside."""
        notes, environment = self.noting("reached")
        code, output = self.run(0, more=["-n", str(jobs), "--dist", "loadfile"], **environment)
        failed = self.failed(output)
        if code and not 0 < len(failed) <= 20:
            sys.exit("the tests fail without any check left out:\n" + output[-6000:])
        if failed:  # once more, alone; its last note counts
            failed = self.failed(self.run(0, failed, **environment)[1])
        for test in failed:
            print("set aside, fails without any check left out: " + test, flush=True)
        noted = {test: (seconds, numbers) for test, seconds, numbers in map(json.loads, open(notes, encoding="utf-8")) if test not in failed}
        for test, (seconds, numbers) in noted.items():
            self.seconds[test] = seconds
            for number in numbers:
                self.reach[number].append(test)

    def open_doors(self, doors):
        """The tests that hold when the routes' own requirements are gone."""
        self.doors = doors
        behind = [test for test in self.seconds if BEHIND.match(test)]
        notes, environment = self.noting("behind")
        failed = self.failed(self.run(doors, behind, **environment)[1])
        for test, _, numbers in map(json.loads, open(notes, encoding="utf-8")):
            for number in numbers if test not in failed else ():
                self.reach_behind[number].append(test)

    def notice_behind(self, number):
        """The test that fails with this check left out behind open doors, or None."""
        tests = self.reach_behind[number]
        code, output = self.run(self.doors + [number], tests, ["-x"]) if tests else (0, "")
        return self.failed(output)[0] if code == 1 else None

    def notice_on_postgres(self, number):
        """The same on the other engine, for what the embedded one has no use for."""
        code, output = self.run(number, None, ["-x"], files=["test_revocation.py"], CHATELAINE_TEST_ENGINE="postgres")
        failed = self.failed(output)
        return failed[0] + " on PostgreSQL" if code == 1 and failed else None

    def notice_elsewhere(self, number):
        """The test of files that nothing was learnt of (a sample) that fails, or None."""
        tests = list(self.others)
        code, output = self.run(number, None, ["-x"], files=tests) if tests else (0, "")
        failed = self.failed(output)
        return failed[0] if code == 1 and failed and self.fails_again(number, failed[0], output) else None

    def fails_again(self, number, test, output):
        """On a busy machine tests of time may fail, and others for want of an answer; those are asked twice."""
        return (test.startswith(tuple(FIRST[:3])) and not re.search("503|imeout|imed out|Connection", output)) or self.run(number, [test], ["-x"])[0] == 1

    def notice(self, number):
        """The test that fails with this check left out, or None."""
        reaching = sorted(self.reach[number], key=lambda test: self.place(test.split("::")[0]))  # in a file: as they were run
        stages = [[t for t in reaching if t.startswith(tuple(FIRST)) and self.seconds[t] < SLOW_S],
                  [t for t in reaching if not t.startswith(tuple(FIRST)) and self.seconds[t] < SLOW_S], [t for t in reaching if self.seconds[t] >= SLOW_S]]
        for tests in filter(None, stages):  # removes from them
            code, output = self.run(number, tests, ["-x"])
            while code == 1:
                failed = self.failed(output)
                if not failed or failed[0] not in tests or self.fails_again(number, failed[0], output):
                    return failed[0] if failed else "?"
                tests.remove(failed[0])
                code, output = self.run(number, tests, ["-x"]) if tests else (0, "")
            if code:
                sys.exit("pytest ended with %d:\n%s" % (code, output[-4000:]))
        return None


def equivalents():
    """{key: reason} of equivalent.txt: a line with the key, * for anything, then the reason on indented lines."""
    known, key = {}, None
    for line in open(os.path.join(HERE, "equivalent.txt"), encoding="utf-8"):
        if line.strip() and not line.startswith("#"):
            if line[0].isspace():
                known[key] = (known[key] + " " + line.strip()).strip()
            else:
                key = line.strip()
                known[key] = ""
    return known


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, metavar="N")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("text", nargs="*")
    options = parser.parse_args()
    if options.list:
        for number, site in enumerate(sites.sites(ROOT), 1):
            print("%4d %s:%d %s" % (number, site.path, site.line, site.key.split(" ", 1)[1]))
        return 0
    unknown = sites.Finder(ROOT).unknown()
    if unknown:
        sys.exit("functions that look as if they decided, but are not in DECIDES of tests/mutation/sites.py: " + ", ".join(unknown))
    begun = time.monotonic()
    known = equivalents()
    # In memory, where there is such a folder: what is written here need not outlive anything.
    with tempfile.TemporaryDirectory(prefix="mutation-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as work:
        program, found = build(work)
        every = sorted((f for f in os.listdir(os.path.join(ROOT, "tests", "api")) if f.startswith("test_")), key=Tests.place)
        files = SAMPLE_FILES if options.sample else every
        tests = Tests(work, program, len(found), files)
        tests.others = [f for f in every if f not in files]
        tests.learn(options.jobs)
        print("%d checks; built and learnt in %.0f s" % (len(found), time.monotonic() - begun), flush=True)
        wanted = [n for n, site in enumerate(found, 1) if not options.text or any(text in site.key for text in options.text)]
        if options.sample:
            wanted = [n for n in wanted if tests.reach[n]]
            wanted = sorted(wanted, key=lambda n: hashlib.sha256(found[n - 1].key.encode()).hexdigest())[:options.sample]
        tests.open_doors([n for n, site in enumerate(found, 1) if DOORS.search(site.key)])
        return judge(tests, found, wanted, known, options, begun)


def judge(tests, found, wanted, known, options, begun):
    """Prints each check with the test that noticed; 0 when all is well."""
    verdicts, by_kind, survivors = collections.Counter(), collections.Counter(found[n - 1].kind for n in wanted), []
    explained = {key: [site.key for site in found if fnmatch.fnmatchcase(site.key, glob.escape(key).replace("[*]", "*"))] for key in known}
    reasons = {site_key: key for key, keys in explained.items() for site_key in keys}
    wrong = ["no such check: " + key for key, keys in explained.items() if not keys] + ["no reason: " + key for key, reason in known.items() if not reason]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for number, test in zip(wanted, pool.map(tests.notice, wanted)):
            site = found[number - 1]
            verdict = "noticed"
            if not test:
                verdict, test = "noticed behind open doors", tests.notice_behind(number)
            if not test and site.key not in reasons:
                verdict, test = "noticed", tests.notice_elsewhere(number) if tests.others or tests.reach[number] else tests.notice_on_postgres(number)
            if test and site.key in reasons:
                wrong.append("noticed by %s: %s" % (test, site.key))
            if not test:
                verdict = "equivalent" if site.key in reasons else "survives"
            if verdict == "survives":
                survivors.append("%s:%d %s%s" % (site.path, site.line, site.key.split(" ", 1)[1], "" if tests.reach[number] else " (no test is refused by it)"))
            verdicts[verdict] += 1
            print("%4d %s:%d %s\n     %s: %s" % (number, site.path, site.line, site.key.split(" ", 1)[1], verdict, test or reasons.get(site.key, "")), flush=True)
    print("%d checks left out (%s): %s; %.0f s" % (len(wanted), ", ".join("%d %s" % (n, kind) for kind, n in sorted(by_kind.items())),
                                                   ", ".join("%d %s" % (n, verdict) for verdict, n in sorted(verdicts.items())), time.monotonic() - begun))
    for line in survivors:
        print("SURVIVES " + line)
    for line in wrong:
        print("equivalent.txt: " + line)
    return 1 if survivors or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
