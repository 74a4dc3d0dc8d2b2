"""Where the checks of authorization are, and a copy of the sources in which each can be left out by a switch (mutation.h).

Nothing is listed by place: sites are found by what the code looks like, so a new check is a new mutant. Kinds:

  route    the `allow` of a route's row: the next weaker requirement
  call     a call of a function that decides (DECIDES): its answer is yes
  without  a call of a function that finds something and asks whether the caller may have it: found without asking
  need     the level that is asked for (BUCKET_WRITE, PROJECT_OWN, `write`): the next lower one
  refusal  a branch that ends in a refusal (REFUSALS): not taken; with several reasons, one of them does not count
  grant    a branch of a deciding function that says yes: one of its conditions does not count
  power    a power of the caller that is looked at outside the deciding functions: as if they had it
  state    an end, a lock, a version: as if it were not so
"""
import collections
import glob
import os
import re

Site = collections.namedtuple("Site", "key path line kind")

WEAKER = {"TOKEN": ["PUBLIC"], "WRITER": ["TOKEN"], "MASTER": ["TOKEN"], "MASTER_WRITER": ["MASTER", "WRITER"], "TOKEN_CREATOR": ["MASTER", "WRITER"],
          "TOKEN_MANAGER": ["MASTER_WRITER"], "BUCKET_MANAGER": ["WRITER"], "SESSION": ["USER"], "USER": ["PUBLIC"], "SUPER": ["USER"]}
# Requirements that check nothing themselves: the closed list of R01.
UNCHECKED = ["PUBLIC", "SIGNED_URL"]

# Functions that decide: what they answer when they are left out. None: they hand out what they looked up, and are asked as for a super admin.
DECIDES = {
    "permit_route": "0", "permit_bucket": "0", "permit_bucket_behind": "0", "permit_component": "0", "permit_some_component": "0", "permit_file": "0",
    "permit_token_read": "0", "permit_token_refresh": "0", "permit_token_change": "0", "permit_purge": "0", "permit_user": "0", "permit_trigger": "0",
    "branch_permit_change": "0", "file_permit": "0", "still_permitted": "0", "still_allowed": "0", "index_recheck": "0", "account_recheck": "0",
    "caller_recheck": "0", "req_recheck": "0", "identity_judge": "0", "judge_address": "0", "check_csrf": "0", "blob_check_signature": None,
    "permit_bucket_level": "BUCKET_MANAGE", "permit_sees_component": "true", "permit_sees_all_events": "true", "role_suffices": "true",
    "permitted": "true", "address_in_range": "true", "secret_equal": "true", "same_site": "true", "sas_signed": "true", "is_of": "true", "is_own": "true",
    "organization_has_user": "1", "maintainer_has_user": "1", "keeps_organization": "1", "session_lives": "1", "manage_token_alive": "1",
    "hide_source": "(void)0", "hide_sources": "(void)0", "keep_permitted": "(void)0",
    "permit_maintainer": None, "permit_organization": None, "permit_project": None,
}
# A function of such a name that decides must stand in DECIDES.
DECIDING_NAME = re.compile(r"permit|allowed$|^still_|recheck")
# ... or is none of them.
DECIDES_NOTHING = {"find_permitted", "allowed", "index_recheck", "names_allowed"}

# Looks as if it found something and asked; it is a chain of checks, each of which is left out by itself.
NO_FINDERS = {"blob_admit"}

REFUSALS = ["ACCESS_DENIED", "MANAGE_FORBIDDEN", "TOKEN_INVALID", "TOKEN_EXPIRED", "TOKEN_DISABLED", "TOKEN_MISSING", "PROJECT_DISABLED", "ADDRESS_REFUSED",
            "MANAGE_TOKEN_INVALID", "BLOB_PERMISSION", "BLOB_SIGNATURE", "UNAUTHORIZED_ACCESS", "SHARE_MASTER"]
REFUSAL = re.compile(r"\bERR_(%s)\b" % "|".join(REFUSALS))
# "Not found" refuses when it depends on whose the thing is.
HIDING = re.compile(r"\bERR_\w*NOT_FOUND\b")
WHOSE = re.compile(r"who->|is_master|user_id ==|user_id !=|organization_id ==|permit_|container|emails?_equal|email\b.*email")
# Part of a condition that only says whether there is anything to look at.
GUARD = re.compile(r"^!?\(?(rc|found|spent|identity|who->identity|one|e|id|organization|member|claim->cookie|user|token|project_id|hash|invitation|sent)\b"
                   r"(\s*(==|!=|<|>|<=|>=)\s*[-\w]+)?\)?$|^need != NEED_LIST$|^\w+->\w+_us > 0$|^identity->ends_us$|^!?gone$|^str_empty\(|^\(?rc = |^token->(bucket|component|address)_count$|->source_bucket_id$|^!components")
POWER = re.compile(r"\b(?:rq->who->|who->|creator->|identity->|token->)(?:identity->)?(?:token\.)?(?:is_super|is_master|can_\w+|scope_read_only)\b(?!\s*(=[^=]|,|\)))")
STATES = [(re.compile(r"\b\w+->(?:expires|ends|token_expires)_us <= now_us(?:\(\))?"), "false"), (re.compile(r"\b\w+->(?:expires)_us > now_us\(\)"), "true"),
          (re.compile(r"\buser->is_disabled\b"), "false"), (re.compile(r"\bsetting->(?:role|project)_expires_us\b"), "0"),
          (re.compile(r"\b\w+->refreshed_us == \w+->\w+_us\b"), "true"), (re.compile(r"\b\w+->refreshed_us != \w+->\w+_us\b"), "false"),
          (re.compile(r"\bmemcmp\(held->generations, now, sizeof now\) != 0"), "false"), (re.compile(r"\buser->is_super >= who->is_super\b"), "true"),
          (re.compile(r"(?:\btoken->)?\bversions\[\d\] == (?:identity|known)->\w+(?:\.\w+)?"), "true"), (re.compile(r"\bidentity->role == ROLE_\w+(?= \|\||;)"), "true"),
          (re.compile(r"(?<=->can_write = )identity->can_manage_buckets"), "true"), (re.compile(r"(?<=->can_manage_buckets = )token->can_manage_buckets"), "true"),
          (re.compile(r"\bnow_us < sas\.starts_us|\bnow_us >= sas\.expires_us"), "false"),
          (re.compile(r"\ballow_is_storage\(allow\)(?= \?)"), "true"), (re.compile(r"(?<== )storage(?= \?)"), "false")]


def blank(text):
    """The same length without comments and what is in quotes."""
    keep = lambda m: re.sub(r"[^\n]", " ", m.group()) if m.group()[0] == "/" else m.group()[0] + re.sub(r"[^\n]", " ", m.group()[1:-1]) + m.group()[-1]  # noqa: E731
    text = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', keep, text, flags=re.S)
    return re.sub(r"^#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.M)


def closing(text, at):
    """Behind the bracket that closes the one at `at`."""
    depth = 0
    for i in range(at, len(text)):
        depth += (text[i] in "([{") - (text[i] in ")]}")
        if depth == 0:
            return i + 1
    raise ValueError("no closing bracket")


def strip(text, start, end):
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def split(text, start, end, operator):
    parts, depth, begun, i = [], 0, start, start
    while i < end:
        depth += (text[i] in "([{") - (text[i] in ")]}")
        if depth == 0 and text.startswith(operator, i):
            parts.append((begun, i))
            i += len(operator)
            begun = i
        else:
            i += 1
    return [strip(text, *part) for part in parts + [(begun, end)]]


def weakest(text, start, end, wanted):
    """The parts of a condition that alone stand in the way of its being `wanted`: [(start, end, wanted)]."""
    start, end = strip(text, start, end)
    if text[start] == "(" and closing(text, start) == end:
        return weakest(text, start + 1, end - 1, wanted)
    alternatives, conditions = ("||", "&&") if wanted else ("&&", "||")
    # && binds closer than ||.
    for operator in ("||", "&&"):
        parts = split(text, start, end, operator)
        if len(parts) > 1:
            deeper = [weakest(text, *part, wanted) for part in parts]
            if operator == conditions:
                return sum(deeper, [])
            compound = [d for d in deeper if len(d) > 1]
            return sum(compound, []) or [next((d[0] for d in deeper if not GUARD.match(text[d[0][0]:d[0][1]])), deeper[0][0])]
    if text[start] == "!" and text[start + 1] == "(" and closing(text, start + 1) == end:
        return weakest(text, start + 2, end - 1, not wanted)
    if text[start] == "!" and re.match(r"[\w>().*-]+$", text[start + 1:end]):
        return [(start + 1, end, not wanted)]
    return [(start, end, wanted)]


class File:
    def __init__(self, root, path):
        self.path = path
        self.text = open(os.path.join(root, path), encoding="utf-8").read()
        self.code = blank(self.text)
        self.functions = []
        for m in re.finditer(r"^(?:[a-z][\w \t*]*?[ *])?(\w+)\((?:[^;{}()]|\([^()]*\))*\)\n\{\n", self.code, re.M):
            self.functions.append((m.end() - 2, closing(self.code, m.end() - 2), m.group(1), m.start()))

    def function(self, at):
        return next((name for start, end, name, _ in self.functions if start <= at < end), None)

    def calls(self, name):
        for m in re.finditer(r"(?<![\w>.])%s\(" % name, self.code):
            if self.function(m.start()) and self.function(m.start()) != name:
                yield m.start(), closing(self.code, m.end() - 1)

    def condition_of(self, start, end):
        """What a refusal at start..end depends on: (start, end, whether it refuses when true), or None."""
        code = self.code
        before = code[:start].rstrip()
        # C ? x : REFUSAL, C ? REFUSAL : x; with a refusal on both sides there is nothing to leave out
        for sign, refuses in ((":", False), ("?", True)):
            if before.endswith(sign):
                depth, i, colons = 0, len(before) - 1, 0
                while sign == ":" and i > 0:
                    i -= 1
                    depth += (code[i] in ")]") - (code[i] in "([")
                    if depth == 0 and code[i] == ":":
                        colons += 1
                    if depth == 0 and code[i] == "?":
                        if colons == 0:
                            break
                        colons -= 1
                stop, depth, j = i, 0, i
                while j > 0:
                    j -= 1
                    depth += (code[j] in ")]") - (code[j] in "([")
                    if depth < 0 or (depth == 0 and (code[j] in "?:;,{}" or (code[j] == "=" and code[j - 1] not in "=<>!" and code[j + 1] != "="))):
                        break
                    if depth == 0 and re.match(r"\breturn\b", code[j:j + 7]) and code[j - 1].isspace():
                        j += 5
                        break
                other = code[stop + 1:start] if sign == ":" else code[end:].lstrip(" \t\n:")
                if re.match(r"\s*(fail|refuse\w*)\(", other):
                    return None
                return (*strip(code, j + 1, stop), refuses)
        # if (C) return REFUSAL
        m = re.search(r"(\breturn|\brc =)$", before)
        if m:
            head = code[:m.start()].rstrip()
            if head.endswith(")"):
                depth, i = 0, len(head)
                while i > 0:
                    i -= 1
                    depth += (head[i] in ")]}") - (head[i] in "([{")
                    if depth == 0:
                        break
                if re.search(r"\b(if|while) $", head[:i]):
                    return i + 1, len(head) - 1, True
        return None


class Finder:
    def __init__(self, root):
        self.root = root
        self.files = [File(root, os.path.relpath(path, root)) for folder in ("auth", "http", "work", "api")
                      for path in sorted(glob.glob(os.path.join(root, "src", folder, "*.c")))]
        self.found = []  # (file, start, end, kind, before, after, text for the key)
        self.seen = set()
        for file in self.files:
            self.rows(file)
            self.refusals(file)
            self.grants(file)
            self.decisions(file)
            self.needs(file)
            self.powers(file)
        self.withouts()

    def add(self, file, start, end, kind, before, after, what=None):
        """Wraps start..end; %d in before is the mutant's number."""
        if (file.path, start, end) in self.seen or (kind == "call" and (file.path, start - 1, end) in self.seen):
            return
        self.seen.add((file.path, start, end))
        self.found.append((file, start, end, kind, before, after, what or re.sub(r"\s+", " ", file.text[start:end])))

    def part(self, file, start, end, kind, wanted):
        """Asked first, so that only a test that is really refused reaches the switch."""
        lifts = "_lifted" if re.match("src/(api|work)/", file.path) else ""
        self.add(file, start, end, kind, "((", ") || mutant%s(%%d))" % lifts if wanted else ") && !mutant%s(%%d))" % lifts)

    def rows(self, file):
        for m in re.finditer(r"^\t\{ (\"[A-Z]+\"), ([^,\n]+), ALLOW_(\w+),", file.text, re.M):
            if m.group(3) in UNCHECKED:
                continue
            at = m.start(3) - len("ALLOW_")
            for i, weaker in enumerate(WEAKER[m.group(3)]):
                self.found.append((file, at, m.end(3), "route", "(int)(" if i == 0 else None, " | %d << 8)" if i == 0 else None,
                                   "%s %s %s: %s -> %s" % (m.group(1).strip('"'), m.group(2), "", m.group(3), weaker)))

    def decisions(self, file):
        if file.path.endswith("_json.c"):  # renders
            return
        for name, answer in DECIDES.items():
            if file.path.startswith("src/auth/") and name in ("secret_equal",) and not re.search("account|identity|sas", file.path):
                continue
            for start, end in file.calls(name):
                if answer is None and name.startswith("permit_"):
                    m = re.search(r"\b(rq->)?who\b", file.code[start:end])
                    self.add(file, start + m.start(), start + m.end(), "call", "mutation_super(%d, ", ")", re.sub(r"\s+", " ", file.text[start:end]))
                elif answer is not None:
                    lifts = not file.path.startswith("src/auth/") and name not in ("identity_judge",)
                    self.add(file, start, end, "call", "(mutant%s(%%d) ? %s : " % ("_lifted" if lifts else "", answer), ")")

    def needs(self, file):
        if not re.match("src/(api|work)/", file.path) or file.path.endswith(("token_args.c", "token_json.c", "flow_tokens.c", "work/members.c")):
            return
        for m in re.finditer(r"(?<=[,{?:=] )(BUCKET_WRITE|BUCKET_MANAGE|PROJECT_MANAGE|PROJECT_OWN)\b(?=,| \}|\)|;| :)", file.code):
            if file.function(m.start()):
                lower = {"BUCKET_WRITE": "BUCKET_READ", "BUCKET_MANAGE": "BUCKET_WRITE", "PROJECT_MANAGE": "PROJECT_SEE", "PROJECT_OWN": "PROJECT_MANAGE"}[m.group()]
                line = file.text[file.text.rfind("\n", 0, m.start()):file.text.find("\n", m.end())].strip()
                self.add(file, m.start(), m.end(), "need", "(mutant(%%d) ? %s : " % lower, ")", "%s in %s" % (m.group(), line))
        for name in self.with_write():
            for start, end in file.calls(name):
                m = re.search(r"\btrue\b", file.code[start:end])
                if m:
                    self.add(file, start + m.start(), start + m.end(), "need", "(!mutant(%d) && (", "))", "write in " + re.sub(r"\s+", " ", file.text[start:end]))

    def with_write(self):
        """Functions that take `bool write`."""
        return {m.group(1) for f in self.files for m in re.finditer(r"\b(\w+)\([^;{})]*\bbool write\b", f.code)} | {"permit_component", "permit_file"}

    def refusals(self, file):
        for m in re.finditer(r"(?<![\w>.])(fail|refuse\w*)\(", file.code):
            function = file.function(m.start())
            if not function or function.startswith("refuse"):
                continue
            start, end = m.start(), closing(file.code, m.end() - 1)
            hiding = bool(HIDING.search(file.code[start:end]))
            if not file.path.startswith("src/auth/") if m.group(1) != "fail" else not REFUSAL.search(file.code[start:end]) and not hiding:
                continue
            condition = file.condition_of(start, end)
            if condition:
                for part in weakest(file.code, condition[0], condition[1], not condition[2]):
                    text = file.code[part[0]:part[1]]
                    if not GUARD.match(text) and (not hiding or REFUSAL.search(file.code[start:end]) or WHOSE.search(text)):
                        self.part(file, part[0], part[1], "refusal", part[2])
            elif not hiding and re.search(r"\breturn$", file.code[:start].rstrip()) and file.code[end] == ";":
                self.add(file, start, end, "refusal", "(mutant(%d) ? 0 : ", ")", "the end of " + function)

    def grants(self, file):
        """What the deciding functions say yes to."""
        permit = file.path in ("src/auth/permit.c", "src/auth/permit_manage.c")
        for start, end, name, begun in file.functions:
            last = re.search(r"\n\treturn ([^;]*);\n\}$", file.code[start:end])
            boolean = re.match(r"(static )?bool ", file.code[begun:start])
            if not (permit or (last and re.match(r"(fail|refuse\w*)\(", last.group(1)) and REFUSAL.search(last.group(1)))):
                continue
            for m in re.finditer(r"\bif (\()", file.code[start:end]):
                close = closing(file.code, start + m.start(1))
                if re.match(r"\s+return (0|1|true|BUCKET_\w+);", file.code[close:end]):
                    self.granting(file, start + m.start(1), close)
            if permit and boolean:
                for m in re.finditer(r"\breturn ([^;]*);", file.code[start:end]):
                    if m.group(1) not in ("true", "false"):
                        self.granting(file, start + m.start(1), start + m.end(1))

    def granting(self, file, start, end):
        parts = weakest(file.code, start, end, True)
        for part in parts:
            text = file.code[part[0]:part[1]]
            # With others, the kind of caller only says whether there is an identity to look at.
            if not GUARD.match(text) and not (len(parts) > 1 and text.startswith("who->kind ")):
                self.part(file, part[0], part[1], "grant", part[2])

    def powers(self, file):
        if re.match("src/(api|work|http)/", file.path) and not file.path.endswith(("_json.c", "token_args.c", "work/members.c")):
            for m in POWER.finditer(file.code):
                if file.function(m.start()):
                    self.part(file, m.start(), m.end(), "power", True)
        if re.match("src/(auth|http)/|src/api/(token_replay|blob_admit)", file.path):
            for pattern, answer in STATES:
                for m in pattern.finditer(file.code):
                    if file.function(m.start()):
                        self.add(file, m.start(), m.end(), "state", "(mutant(%%d) ? %s : " % answer, ")")

    def withouts(self):
        """Calls of functions that contain a check, when there are several: each could do without."""
        outer = [f for f in self.files if re.match("src/(api|work)/", f.path)]
        homes = {}  # name -> {path: is it static}
        finding = set()
        for f in outer:
            for start, _, name, begun in f.functions:
                homes.setdefault(name, {})[f.path] = f.code.startswith("static ", begun)
                if re.match(r"(static )?int [^{]*\*ret\w*\b", f.code[begun:start]) or name == "read_table":
                    finding.add((f.path, name))

        def home(f, name):
            paths = homes[name]
            return f.path if f.path in paths else next((path for path, static in paths.items() if not static), None)

        asking = re.compile(r"permit_(?!sees|bucket_level)|mutation_super|\w+_permit")
        containing = {(f.path, f.function(s)) for f, s, _, kind, _, _, what in self.found if kind == "call" and f in outer and asking.match(what)}
        containing.add(("src/api/jobs.c", "find_own"))
        while True:
            candidates = {(path, name) for path, name in containing & finding if name not in DECIDES and name not in NO_FINDERS and not name.startswith("job_")}
            places = collections.defaultdict(list)
            for name in {name for _, name in candidates}:
                for f in outer:
                    if (home(f, name), name) in candidates:
                        places[home(f, name), name] += [(f, s, e) for s, e in f.calls(name)]
            more = {(f.path, f.function(s)) for calls in places.values() for f, s, _ in calls} - containing
            if not more:
                break
            containing |= more
        for calls in places.values():
            for f, s, e in calls if len(calls) > 1 else ():
                if re.search(r"[=?:(] $|return $", f.code[s - 7:s]):
                    self.add(f, s, e, "without", "MUTATION_LIFTED(%d, ", ")")

    def unknown(self):
        """Functions that look as if they decided, and are not in DECIDES."""
        names = {m.group(1) for f in self.files for m in re.finditer(r"(?<![\w>.])(\w+)\(", f.code)}
        return sorted(n for n in names if DECIDING_NAME.search(n) and n not in DECIDES and n not in DECIDES_NOTHING)


def numbered(root):
    """[(Site, what Finder found)] in the order of their numbers, from 1."""
    order = sorted(Finder(root).found, key=lambda f: (f[0].path, f[1], -f[2]))
    times, made = collections.Counter(), []
    for file, start, end, kind, before, after, what in order:
        key = "%s %s %s: %s" % (file.path, kind, file.function(start) or "", what)
        key = re.sub(r"\s+", " ", key).replace(" : ", ": ")
        times[key] += 1
        if times[key] > 1:
            key += " (%d)" % times[key]
        made.append((Site(key, file.path, file.text.count("\n", 0, start) + 1, kind), (file, start, end, before, after)))
    return made


def sites(root):
    return [site for site, _ in numbered(root)]


def rewrite(root, copy):
    """Puts the switches into the copy; the sites in the order of their numbers."""
    made = numbered(root)
    edits = collections.defaultdict(list)
    weaker, row = ["0"], ["0"]
    for number, (site, (file, start, end, before, after)) in enumerate(made, 1):
        weaker.append("ALLOW_" + site.key.rsplit(" ", 1)[-1].split(" ")[0] if site.kind == "route" and "->" in site.key else "0")
        row.append(str(number) if before and site.kind == "route" else row[-1] if site.kind == "route" else "0")
        if before:
            # At one place what closes comes first, inner before outer; what opens outer before inner.
            edits[file.path].append(((start, 1, -end), before % number if "%d" in before else before))
            edits[file.path].append(((end, 0, -start), after % number if "%d" in after else after))
    for file_path in sorted(glob.glob(os.path.join(copy, "src", "*", "*.c"))):
        path = os.path.relpath(file_path, copy)
        text = open(file_path, encoding="utf-8").read()
        for (at, _, _), piece in sorted(edits[path], key=lambda e: e[0], reverse=True):
            text = text[:at] + piece + text[at:]
        listing = re.match(r"src/(cmd|api/openapi|http/router)", path)
        text = re.sub(r"\b(?:\w+(?:->|\.))+route->allow\b|\broute->allow\b|\broutes?\[\w+\]\.allow\b",
                      lambda m: ("MUTATION_PLAIN(%s)" if listing else "mutation_allow(%s)") % m.group(), text)
        if edits[path] or "mutation_allow" in text or "MUTATION_PLAIN" in text:
            text = '#include "mutation.h"\n' + text
        open(file_path, "w", encoding="utf-8").write(text)
    with open(os.path.join(copy, "src", "mutation_rows.h"), "w", encoding="utf-8") as f:
        f.write("#define MUTATION_COUNT %d\nstatic const unsigned char WEAKER[] = { %s };\nstatic const int ROW_OF[] = { %s };\n"
                % (len(made), ", ".join(weaker), ", ".join(row)))
    return [site for site, _ in made]


if __name__ == "__main__":
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    for n, s in enumerate(sites(here), 1):
        print("%4d %s:%d %s" % (n, s.path, s.line, s.key[len(s.path) + 1:]))
