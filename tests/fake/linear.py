#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Linear's API as far as a dispatcher can tell: HTTPS, GraphQL, errors.

Issues are kept in memory and in a journal, one JSON object a line, written
before the reply: so a test counts what was really created.  Comments and
attachments are in memory alone.  Uploads are taken on the same port.  It
serves /control for tests, too: GET tells the state, POST {"mode": ..., "count":
N, "on": an act or "all"} makes the next N requests go wrong (N 0: all, until
another mode is set), {"forget": ID} deletes an issue as a person would,
{"duplicate": ...} and {"token": ...} set what the options of that name do,
{"most": 0} counts anew how many requests are in hand at once."""
import argparse
import contextlib
import datetime
import hashlib
import http.server
import json
import os
import pathlib
import re
import socketserver
import ssl
import sys
import threading
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import graphql  # noqa: E402

MODES = {
    "ok": "as documented",
    "ratelimited": "400 RATELIMITED, resets in milliseconds",
    "ratelimited_429": "the same as 429",
    "internal": "200 with errors: internal error",
    "locked": "200 with errors: lock timeout",
    "invalid": "400 INVALID_INPUT whatever is sent",
    "forbidden": "200 with errors: forbidden",
    "usage": "200 with errors: usage limit exceeded",
    "expired": "401 AUTHENTICATION_ERROR whatever the token",
    "success_false": "issueCreate says success: false",
    "unavailable": "503 with a page",
    "page": "200 with a page of HTML",
    "mistyped": "carried out, the JSON called text/plain",
    "lost": "carried out, the connection closed without a reply",
    "stall": "carried out, then silence for stall seconds",
    "truncated": "carried out, half of the JSON",
    "slow": "carried out, half of slow seconds later the reply byte by byte over slow seconds",
    "upload_403": "the PUT of an upload is refused",
    "upload_503": "the PUT of an upload meets a server that is down",
    "upload_elsewhere": "fileUpload names a host nobody knows",
    "upload_field": "fileUpload wants a field that carries authority",
}
# What "on" of a mode may say: the field whose requests go wrong.
ACTS = {"all": "", "create": "issueCreate", "update": "issueUpdate", "archive": "issueArchive",
        "comment": "commentCreate", "file": "fileUpload", "attach": "attachmentCreate"}
ISSUE_INPUT = set("""id title description assigneeId delegateId stateId projectId
    projectMilestoneId cycleId parentId templateId lastAppliedTemplateId sourceCommentId
    referenceCommentId createAsUser displayIconUrl useDefaultTemplate labelIds subscriberIds
    releaseIds priority estimate dueDate createdAt completedAt slaType sortOrder
    prioritySortOrder subIssueSortOrder preserveSortOrderOnCreate teamId""".split())
UPDATE_INPUT = (ISSUE_INPUT - {"id", "createAsUser", "displayIconUrl", "templateId",
    "referenceCommentId", "sourceCommentId", "useDefaultTemplate", "preserveSortOrderOnCreate",
    "createdAt", "completedAt", "releaseIds"}) | {"addedLabelIds", "removedLabelIds", "trashed"}
COMMENT_INPUT = set("""id issueId parentId body createAsUser displayIconUrl createdAt
    doNotSubscribeToIssue quotedText""".split())
ATTACHMENT_INPUT = set("""id issueId title url subtitle iconUrl metadata commentBody groupBySource
    createAsUser displayIconUrl""".split())
TEAM_FILTER = {"key": None, "name": None}
FILTERS = {
    "teams": TEAM_FILTER,
    "users": {"email": None, "name": None, "displayName": None},
    "issueLabels": {"name": None, "team": TEAM_FILTER},
    "projects": {"name": None, "accessibleTeams": {"some": TEAM_FILTER}},
    "workflowStates": {"name": None, "team": TEAM_FILTER},
}
STATES = ["Backlog", "Todo", "In Progress", "Done"]
UPLOAD_FIELD = ("x-goog-content-length-range", "1,104857600")
PRIORITIES = ["No priority", "Urgent", "High", "Medium", "Low"]
LIMIT_REQUESTS, LIMIT_POINTS = 2500, 3000000
UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class Problem(Exception):
    """An error as the API words it."""

    def __init__(self, status, kind, code, message, user=False):
        super().__init__(message)
        self.status = status
        self.error = {"message": message, "path": [], "extensions": {
            "type": kind, "code": code, "statusCode": status, "userError": user,
            "userPresentableMessage": message}}


def invalid(message, status=400):
    return Problem(status, "invalid input", "INVALID_INPUT", message, True)


FIXED = {
    "internal": (200, "internal error", "INTERNAL_ERROR", "Internal server error"),
    "locked": (200, "lock timeout", "LOCK_TIMEOUT", "Lock timeout"),
    "invalid": (400, "invalid input", "INVALID_INPUT", "Argument Validation Error"),
    "forbidden": (200, "forbidden", "FORBIDDEN", "You may not do this"),
    "usage": (200, "usage limit exceeded", "USAGE_LIMIT_EXCEEDED", "Usage limit exceeded"),
    "expired": (401, "authentication error", "AUTHENTICATION_ERROR",
                "Authentication required, not authenticated"),
    "ratelimited": (400, "ratelimited", "RATELIMITED", "Rate limit exceeded"),
    "ratelimited_429": (429, "ratelimited", "RATELIMITED", "Rate limit exceeded"),
}


class Linear:
    """The data, and what the API does to it."""

    def __init__(self, journal=None, token="lin_api_demo", duplicate="error",
                 teams=("ENG",), labels=("mail", "ENG/bug"), users=("ann@example.com",),
                 projects=("Website",)):
        self.lock = threading.Lock()
        self.journal, self.token, self.duplicate = journal, token, duplicate
        self.mode, self.mode_left, self.mode_on = "ok", 0, "all"
        self.requests, self.issues, self.comments = 0, {}, {}
        self.attachments, self.uploads = {}, {}
        self.in_hand = self.most = 0
        self.reset_s, self.stall_s, self.slow_s = 2, 60, 2
        self.executing, self.host = "ok", ""
        self.teams = {key: {"id": self._id("team", key), "key": key, "name": key}
                      for key in teams}
        self.labels = [self._label(name) for name in labels]
        self.users = [{"id": self._id("user", mail), "email": mail, "active": not off,
                       "name": mail.split("@")[0].title(), "displayName": mail.split("@")[0]}
                      for mail, off in ((u.lstrip("-"), u.startswith("-")) for u in users)]
        self.projects = [{"id": self._id("project", name), "name": name,
                          "accessibleTeams": list(self.teams.values())} for name in projects]
        self.states = [{"id": self._id("state", team["key"] + name), "name": name, "team": team}
                       for team in self.teams.values() for name in STATES]
        if journal and os.path.exists(journal):
            with open(journal, encoding="utf-8") as lines:
                for line in lines:
                    issue = json.loads(line)
                    self.issues[issue["id"]] = issue

    @staticmethod
    def _id(kind, name):
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{name}"))

    def _label(self, name):
        """"TEAM/name" is a team's, "name" the workspace's."""
        team, _, own = name.rpartition("/")
        return {"id": self._id("label", name), "name": own, "isGroup": False,
                "team": self.teams[team] if team else None}

    # ---- queries

    def _issue(self, arguments):
        for issue in self.issues.values():
            if arguments.get("id") in (issue["id"], issue["identifier"]):
                mine = [a for a in self.attachments.values() if a["issueId"] == issue["id"]]
                return {**issue, "attachments": {"nodes": mine}}
        raise invalid("Entity not found: Issue - Could not find referenced Issue.")

    def _comment(self, arguments):
        try:
            return self.comments[arguments.get("id")]
        except KeyError:
            raise invalid("Entity not found: Comment - Could not find referenced Comment.") \
                from None

    @staticmethod
    def _matches(value, comparator):
        value = value if isinstance(value, str) else ""
        tests = {"eq": lambda want: value == want, "in": lambda want: value in want,
                 "eqIgnoreCase": lambda want: value.lower() == want.lower()}
        for name, want in (comparator or {}).items():
            if name not in tests:
                raise graphql.Refused(f'Field "{name}" is not defined by the comparator.')
            if not tests[name](want):
                return False
        return True

    def _fits(self, row, wanted, fields):
        """Does a row, or a list of which some must, fit a filter?"""
        for name, want in (wanted or {}).items():
            if name in ("and", "or"):
                rows = [self._fits(row, one, fields) for one in want]
                fits = all(rows) if name == "and" else any(rows)
            elif name not in fields:
                raise graphql.Refused(f'Field "{name}" is not defined by the filter.')
            elif name == "some":
                fits = any(self._fits(one, want, fields[name]) for one in row)
            elif fields[name]:
                fits = row[name] is not None and self._fits(row[name], want, fields[name])
            else:
                fits = self._matches(row[name], want)
            if not fits:
                return False
        return True

    def _connection(self, name, rows):
        def answer(arguments):
            found = [r for r in rows if self._fits(r, arguments.get("filter"), FILTERS[name])]
            return {"nodes": found[:arguments.get("first") or 50]}
        return answer

    # ---- mutations

    @staticmethod
    def _check_fields(given, known, kind):
        for name in given:
            if name not in known:
                raise graphql.Refused(f'Field "{name}" is not defined by type "{kind}".')
        if given.get("id") and not UUID4.fullmatch(given["id"]):
            raise invalid("id must be a UUID")

    def _check_author(self, given):
        if given.get("createAsUser") and not self.token.startswith("lin_oauth_app"):
            raise invalid("createAsUser is for applications (actor=app) alone")

    def _check_values(self, given):
        """What issueCreate and issueUpdate have in common."""
        if not 0 <= (given.get("priority") or 0) <= 4:
            raise invalid("priority must not be greater than 4")
        known = {label["id"] for label in self.labels}
        for name in ("labelIds", "addedLabelIds"):
            if not set(given.get(name) or []) <= known:
                raise invalid(f"{name} must name labels")
        if given.get("assigneeId") and not any(u["id"] == given["assigneeId"] and u["active"]
                                               for u in self.users):
            raise invalid("assigneeId must name an active user")
        for name, rows in (("projectId", self.projects), ("stateId", self.states)):
            if given.get(name) and given[name] not in {row["id"] for row in rows}:
                raise invalid(f"{name} must name one that is there")
        if given.get("dueDate") and not re.fullmatch(r"\d{4}-\d\d-\d\d", given["dueDate"]):
            raise invalid("dueDate must be a date")

    def _check_input(self, given):
        self._check_fields(given, ISSUE_INPUT, "IssueCreateInput")
        if given.get("teamId") not in {t["id"] for t in self.teams.values()}:
            raise invalid("teamId must name a team")
        if not given.get("title") or len(given["title"].encode("utf-16-le")) > 512:
            raise invalid("title must be shorter than or equal to 255 characters")
        self._check_author(given)
        self._check_values(given)

    def _named(self, given):
        """The parts of an issue that ids of an input name."""
        rows = {"assignee": (self.users, "assigneeId"), "project": (self.projects, "projectId"),
                "state": (self.states, "stateId")}
        return {name: next(r for r in found if r["id"] == given[field])
                for name, (found, field) in rows.items() if given.get(field)}

    def _create(self, arguments):
        given = arguments.get("input") or {}
        self._check_input(given)
        if given.get("id") in self.issues:
            if self.duplicate == "error":
                raise invalid("Entity with the same id already exists")
            return {"success": True, "lastSyncId": 1.0, "issue": self.issues[given["id"]]}
        team = next(t for t in self.teams.values() if t["id"] == given["teamId"])
        number = 1 + sum(i["team"]["key"] == team["key"] for i in self.issues.values())
        identifier = f"{team['key']}-{number}"
        now = datetime.datetime.now(datetime.timezone.utc).isoformat()
        priority = given.get("priority") or 0
        issue = {"id": given.get("id") or str(uuid.uuid4()), "identifier": identifier,
                 "url": f"https://linear.app/demo/issue/{identifier}", "number": float(number),
                 "title": given["title"], "description": given.get("description"),
                 "priority": float(priority), "priorityLabel": PRIORITIES[priority],
                 "branchName": identifier.lower(), "labelIds": given.get("labelIds") or [],
                 "dueDate": given.get("dueDate"), "createAsUser": given.get("createAsUser"),
                 "team": team, "createdAt": now, "updatedAt": now, "archivedAt": None,
                 "canceledAt": None, "completedAt": None, "assignee": None, "project": None,
                 "state": next(s for s in self.states if s["team"] == team),
                 **self._named(given)}
        self._keep(issue)
        return {"success": True, "lastSyncId": float(len(self.issues)), "issue": issue}

    def _update(self, arguments):
        given = arguments.get("input") or {}
        self._check_fields(given, UPDATE_INPUT, "IssueUpdateInput")
        issue = self.issues[self._issue(arguments)["id"]]
        self._check_values(given)
        labels = given.get("labelIds", issue["labelIds"]) + (given.get("addedLabelIds") or [])
        issue.update(self._named(given), labelIds=list(dict.fromkeys(labels)))
        issue.update({k: given[k] for k in ("title", "description", "dueDate") if k in given})
        if "priority" in given:
            issue.update(priority=float(given["priority"]),
                         priorityLabel=PRIORITIES[given["priority"]])
        return {"success": True, "lastSyncId": 1.0, "issue": issue}

    def _archive(self, arguments):
        issue = self.issues[self._issue(arguments)["id"]]
        issue["archivedAt"] = issue["archivedAt"] or \
            datetime.datetime.now(datetime.timezone.utc).isoformat()
        return {"success": True, "lastSyncId": 1.0, "entity": issue}

    def _once(self, kept, given, make):
        """The row of that id, made or, if the server is so, found."""
        if given.get("id") not in kept:
            row = make()
            kept[row["id"]] = row
            return row
        if self.duplicate == "error":
            raise invalid("Entity with the same id already exists")
        return kept[given["id"]]

    def _comment_create(self, arguments):
        given = arguments.get("input") or {}
        self._check_fields(given, COMMENT_INPUT, "CommentCreateInput")
        issue = self._issue({"id": given.get("issueId")})
        if not given.get("body"):
            raise invalid("body must not be empty")
        self._check_author(given)
        made = self._once(self.comments, given, lambda: {
            "id": given.get("id") or str(uuid.uuid4()), "body": given["body"],
            "url": f"{issue['url']}#comment-{len(self.comments) + 1}",
            "issueId": issue["id"], "createAsUser": given.get("createAsUser")})
        return {"success": True, "lastSyncId": 1.0, "comment": made}

    def _file_upload(self, arguments):
        if not 0 < arguments["size"] < 1 << 31 or not arguments["filename"]:
            raise invalid("size must be positive")
        name = str(uuid.uuid4())
        host = "elsewhere.example" if self.executing == "upload_elsewhere" else self.host
        key, value = ("Authorization", "Bearer x") if self.executing == "upload_field" \
            else UPLOAD_FIELD
        self.uploads[name] = {"contentType": arguments["contentType"], "put": False,
                              "filename": arguments["filename"], "size": arguments["size"]}
        return {"success": True, "lastSyncId": 1.0, "uploadFile": {
            "uploadUrl": f"https://{host}/upload/{name}?signature=demo",
            "assetUrl": f"https://uploads.linear.example/{name}",
            "contentType": arguments["contentType"], "filename": arguments["filename"],
            "size": arguments["size"], "metaData": None,
            "headers": [{"key": key, "value": value}]}}

    def put(self, name, fields, body):
        """The HTTP status of a PUT of a file's bytes."""
        with self.lock:
            upload = self.uploads.get(name)
            if self.mode in ("upload_403", "upload_503"):
                return int(self._count()[-3:])
            if upload is None or len(body) != upload["size"] or \
                    fields.get("Content-Type") != upload["contentType"] or \
                    fields.get("Cache-Control") != "public, max-age=31536000" or \
                    fields.get(UPLOAD_FIELD[0]) != UPLOAD_FIELD[1] or \
                    fields.get("Authorization"):
                return 403
            upload.update(put=True, sha256=hashlib.sha256(body).hexdigest())
            return 200

    def _attach(self, arguments):
        given = arguments.get("input") or {}
        self._check_fields(given, ATTACHMENT_INPUT, "AttachmentCreateInput")
        issue = self._issue({"id": given.get("issueId")})
        if not given.get("title") or not (given.get("url") or "").startswith("https://"):
            raise invalid("title and url must be set")
        same = [a for a in self.attachments.values()
                if (a["issueId"], a["url"]) == (issue["id"], given["url"])]
        made = same[0] if same else self._once(self.attachments, given, lambda: {
            "id": given.get("id") or str(uuid.uuid4()), "title": given["title"],
            "url": given["url"], "issueId": issue["id"]})
        made["title"] = given["title"]
        return {"success": True, "lastSyncId": 1.0, "attachment": made}

    def _keep(self, issue):
        self.issues[issue["id"]] = issue
        if not self.journal:
            return
        with open(self.journal, "a", encoding="utf-8") as out:
            out.write(json.dumps(issue) + "\n")
            out.flush()
            os.fsync(out.fileno())

    def _rate(self, _):
        reset = float(int((time.time() + 3600) * 1000))
        return {"identifier": "demo", "kind": "user", "limits": [
            {"type": kind, "allowedAmount": float(n), "remainingAmount": float(n),
             "requestedAmount": 0.0, "period": 3600000.0, "reset": reset}
            for kind, n in (("requests", LIMIT_REQUESTS), ("complexity", LIMIT_POINTS))]}

    def roots(self):
        return {"query": {
            "issue": self._issue, "comment": self._comment,
            "teams": self._connection("teams", self.teams.values()),
            "users": self._connection("users", self.users),
            "issueLabels": self._connection("issueLabels", self.labels),
            "projects": self._connection("projects", self.projects),
            "workflowStates": self._connection("workflowStates", self.states),
            "viewer": lambda a: {"id": self._id("user", "viewer"), "active": True,
                                 "email": "bot@example.com", "name": "bot"},
            "rateLimitStatus": self._rate,
        }, "mutation": {
            "issueCreate": self._create, "issueUpdate": self._update,
            "issueArchive": self._archive, "commentCreate": self._comment_create,
            "fileUpload": self._file_upload, "attachmentCreate": self._attach}}

    # ---- one request

    def set_mode(self, mode, count=0, on="all"):
        if mode not in MODES or on not in ACTS:
            raise ValueError(mode)
        with self.lock:
            self.mode, self.mode_left, self.mode_on = mode, count, on

    def _count(self):
        """The mode in force, for one request more."""
        mode = self.mode
        if self.mode_left > 0:
            self.mode_left -= 1
            if self.mode_left == 0:
                self.mode = "ok"
        return mode

    def _mode_for(self, document):
        """The mode for this request; counts it.  Those of a PUT are its own."""
        if self.mode == "ok" or ACTS[self.mode_on] not in document or \
                self.mode in ("upload_403", "upload_503") or \
                (self.mode.startswith("upload_") and "fileUpload" not in document):
            return "ok"
        return self._count()

    def _is_authorized(self, header):
        bearer = "Bearer " if self.token.startswith("lin_oauth_") else ""
        return header == bearer + self.token

    def _execute(self, request, mode):
        self.executing = mode
        try:
            variables = request.get("variables") or {}
            if mode == "success_false" and "issueCreate" in request["query"]:
                return 200, {"data": {"issueCreate": {"success": False, "issue": None}}}
            return 200, {"data": graphql.execute(request["query"], variables, self.roots())}
        except graphql.Refused as refused:
            problem = Problem(400, "graphql error", "GRAPHQL_VALIDATION_FAILED", str(refused))
        except Problem as known:
            problem = known
        return problem.status, {"errors": [problem.error], "data": None}

    def answer(self, authorization, body, host="uploads.linear.example"):
        """(mode, HTTP status, JSON object)."""
        with self.lock:
            self.requests += 1
            self.host = host
            try:
                request = json.loads(body)
                mode = self._mode_for(request["query"])
            except (ValueError, KeyError, TypeError):
                return "ok", 400, {"errors": [Problem(400, "graphql error", "BAD_REQUEST",
                                                      "no GraphQL request").error]}
            if not self._is_authorized(authorization):
                mode = "expired"
            if mode in FIXED:
                return mode, FIXED[mode][0], {"errors": [Problem(*FIXED[mode]).error],
                                              "data": None}
            if mode in ("unavailable", "page"):
                return mode, 503 if mode == "unavailable" else 200, None
            return (mode, *self._execute(request, mode))

    @contextlib.contextmanager
    def counted(self):
        """Around a request, until its reply is begun."""
        with self.lock:
            self.in_hand += 1
            self.most = max(self.most, self.in_hand)
        try:
            yield
        finally:
            with self.lock:
                self.in_hand -= 1

    def state(self):
        with self.lock:
            return {"mode": self.mode, "requests": self.requests, "most": self.most,
                    "issues": list(self.issues.values()),
                    "comments": list(self.comments.values()),
                    "attachments": list(self.attachments.values()),
                    "uploads": list(self.uploads.values())}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "linear-fake", ""
    timeout = 30
    disable_nagle_algorithm = True  # or each reply's body waits 40 ms for an acknowledgement

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def _send(self, status, body, kind="application/json; charset=utf-8", slow_s=0, fields=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in fields:
            self.send_header(name, value)
        self.end_headers()
        for i in range(0, len(body), 1 if slow_s else max(1, len(body))):
            self.wfile.write(body[i:i + 1] if slow_s else body)
            self.server.ended.wait(slow_s / max(1, len(body)))

    def _limits(self, left):
        reset = str(int((time.time() + self.server.api.reset_s) * 1000))
        for kind, limit in (("Requests", LIMIT_REQUESTS), ("Complexity", LIMIT_POINTS)):
            yield f"X-RateLimit-{kind}-Limit", str(limit)
            yield f"X-RateLimit-{kind}-Remaining", str(limit if left else 0)
            yield f"X-RateLimit-{kind}-Reset", reset

    def do_GET(self):
        if self.path != "/control":
            self._send(404, b"{}")
            return
        self._send(200, json.dumps(self.server.api.state()).encode())

    def _control(self, body):
        try:
            wanted = json.loads(body)
            if "forget" in wanted:
                del self.server.api.issues[wanted["forget"]]
            elif "duplicate" in wanted:
                self.server.api.duplicate = wanted["duplicate"]
            elif "token" in wanted:
                self.server.api.token = wanted["token"]
            elif "most" in wanted:
                self.server.api.most = wanted["most"]
            else:
                self.server.api.set_mode(**wanted)
            self._send(200, b"{}")
        except (ValueError, TypeError, KeyError):
            self._send(400, b'{"error": "no such mode or issue"}')

    def do_HEAD(self):
        self._send(404, b"")

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        name = self.path.partition("?")[0].rpartition("/")[2]
        self._send(self.server.api.put(name, self.headers, body), b"<Done/>", "application/xml")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/control":
            self._control(body)
            return
        if self.path != "/graphql" or "json" not in self.headers.get("Content-Type", ""):
            self._send(404, b"{}")
            return
        api = self.server.api
        with api.counted():  # whoever has the reply may ask again before we are done
            mode, status, reply = api.answer(self.headers.get("Authorization"), body,
                                              self.headers.get("Host"))
            if mode == "slow":
                self.server.ended.wait(api.slow_s / 2)
        text = json.dumps(reply).encode()
        if mode == "lost":
            self.close_connection = True
        elif mode == "stall":
            self.close_connection = True
            self.server.ended.wait(api.stall_s)
        elif mode == "truncated":
            self._send(status, text[:len(text) // 2])
        elif mode in ("page", "unavailable"):
            self._send(status, b"<html><body>Please stand by</body></html>", "text/html")
        elif mode == "mistyped":
            self._send(status, text, "text/plain")
        else:
            self._send(status, text, slow_s=api.slow_s if mode == "slow" else 0,
                       fields=self._limits(not mode.startswith("ratelimited")))


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, address, api, certificate, key):
        super().__init__(address, Handler)
        self.api, self.ended = api, threading.Event()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.load_cert_chain(certificate, key)

    def finish_request(self, request, client_address):
        """In the connection's own thread: a slow handshake delays nobody."""
        request.settimeout(Handler.timeout)
        try:
            with self.context.wrap_socket(request, server_side=True) as secure:
                super().finish_request(secure, client_address)
        except OSError:
            pass

    def handle_error(self, request, client_address):
        pass

    @property
    def port(self):
        return self.server_address[1]

    def start(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        self.ended.set()
        self.shutdown()
        self.server_close()


def main():
    modes = "\n".join(f"  {name:14} {text}" for name, text in MODES.items())
    parser = argparse.ArgumentParser(description=__doc__, epilog="modes:\n" + modes,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--journal")
    parser.add_argument("--token", default="lin_api_demo")
    parser.add_argument("--duplicate", choices=("error", "existing"), default="error")
    parser.add_argument("--team", action="append")
    parser.add_argument("--label", action="append", help="NAME, or TEAM/NAME")
    parser.add_argument("--user", action="append", help="MAIL, or -MAIL: not active")
    parser.add_argument("--project", action="append")
    parser.add_argument("--mode", choices=MODES, default="ok")
    parser.add_argument("--stall", type=float, default=60)
    parser.add_argument("--slow", type=float, default=2)
    parser.add_argument("--reset", type=float, default=2, help="seconds, of a rate limit")
    given = parser.parse_args()
    lists = {name: values for name, values in (("teams", given.team), ("labels", given.label),
                                               ("users", given.user),
                                               ("projects", given.project)) if values}
    api = Linear(given.journal, given.token, given.duplicate, **lists)
    api.set_mode(given.mode)
    api.stall_s, api.slow_s, api.reset_s = given.stall, given.slow, given.reset
    server = Server((given.address, given.port), api, given.certificate, given.key)
    print(f"linear listening on {given.address}:{server.port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
