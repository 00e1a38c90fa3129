"""A day in half a minute: every tool, refusals, mistakes, callers that leave, and a Snowflake that misbehaves."""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stub import Stub

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
"""A client's own step, as `traceparent` tells it."""


def ask(method: str, url: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text else None


class Caller:
    """One JSON-RPC request at a time, each on a connection of its own."""

    def __init__(self, address: str, traceparent: str | None = None, **headers: str) -> None:
        self.address = address
        self._traceparent = traceparent
        self._headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": "2025-06-18",
        } | headers

    def _send(self, method: str, params: dict[str, Any]) -> http.client.HTTPConnection:
        if self._traceparent:
            params = params | {"_meta": params.get("_meta", {}) | {"traceparent": self._traceparent}}
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        connection = http.client.HTTPConnection(self.address, timeout=90)
        connection.request("POST", "/mcp", body, self._headers)
        return connection

    def text(self, method: str, **params: Any) -> str:
        """What is answered, as it comes."""
        connection = self._send(method, params)
        try:
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def request(self, method: str, **params: Any) -> dict[str, Any]:
        """The whole answer; the last event of a stream."""
        text = self.text(method, **params)
        events = [line.removeprefix("data:") for line in text.splitlines() if line.startswith("data:")]
        return json.loads(events[-1] if events else text)

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """A tool's result, failed or not."""
        answer = self.request("tools/call", name=tool, arguments=arguments)
        assert "result" in answer, answer
        return answer["result"]

    def code(self, tool: str, **arguments: Any) -> str:
        """`ok`, or the code of the error."""
        result = self.call(tool, **arguments)
        return result["structuredContent"]["code"] if result["isError"] else "ok"

    def leave(self, after: float, tool: str, wants_progress: bool = False, **arguments: Any) -> None:
        """Calls, and hangs up after so many seconds."""
        params: dict[str, Any] = {"name": tool, "arguments": arguments}
        if wants_progress:
            params["_meta"] = {"progressToken": 1}
        connection = self._send("tools/call", params)
        time.sleep(after)
        connection.close()

    def get(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", timeout=10) as answer:
                answer.read()
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code


def at_once(times: int, work: Callable[[], object]) -> None:
    """The same several times, side by side."""
    threads = [threading.Thread(target=work) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


SAMPLE = "SNOWFLAKE_SAMPLE_DATA.TPCH_SF1"


def every_tool(caller: Caller) -> set[str]:
    """Calls every tool the server has, with arguments that the sample data answers. Returns their names."""
    first = caller.call("execute_query", sql=f"SELECT O_ORDERKEY FROM {SAMPLE}.ORDERS", limit=5)["structuredContent"]
    # The stub has no sample data, and then no cursor: what is asked for is refused, and counted all the same.
    cursor = first.get("next_cursor") or "none"
    place = {"database": "SNOWFLAKE_SAMPLE_DATA", "schema": "TPCH_SF1"}
    calls: dict[str, dict[str, Any]] = {
        "list_databases": {},
        "list_schemas": {"database": "SNOWFLAKE_SAMPLE_DATA"},
        "list_tables": place,
        "list_views": place,
        "describe_table": {"table": f"{SAMPLE}.ORDERS"},
        "describe_view": {"view": f"{SAMPLE}.ORDERS"},
        "search_objects": {"query": "order"},
        "query_view": {"view": f"{SAMPLE}.NATION"},
        "execute_query": {"sql": "SELECT 1"},
        "explain_query": {"sql": "SELECT 1"},
        "query_status": {"cursor": cursor},
        "fetch_results": {"cursor": cursor},
        "cancel_query": {"cursor": cursor},
        "show_context": {},
        "profile_table": {"table": f"{SAMPLE}.NATION"},
    }
    # Only an account keeps a history.
    on_an_account: dict[str, dict[str, Any]] = {"query_history": {}, "query_profile": {"query_id": "none"}}
    on_semantic_views: dict[str, dict[str, Any]] = {
        "list_semantic_views": {},
        "describe_semantic_view": {"view": "DEMO.PUBLIC.TPCH_ANALYSIS"},
        "query_semantic_view": {"view": "DEMO.PUBLIC.TPCH_ANALYSIS", "metrics": ["revenue"]},
    }
    offered = {tool["name"] for tool in caller.request("tools/list")["result"]["tools"]}
    if on_an_account.keys() <= offered:
        calls |= on_an_account
    if on_semantic_views.keys() <= offered:
        calls |= on_semantic_views
    assert offered == calls.keys(), "a tool that this run does not know"
    for tool, arguments in calls.items():
        caller.call(tool, **arguments)
    return offered


def mistakes(caller: Caller) -> None:
    """What agents do wrong, and what they must not do."""
    for wanted, sql in {
        "sql_invalid": "SELEC 1",
        "statement_not_allowed": "DROP TABLE x",
        "object_not_found": "SELECT * FROM nowhere",
    }.items():
        found = caller.code("execute_query", sql=sql)
        assert found == wanted, (sql, found)
    assert caller.code("execute_query", sql="SELECT SYSTEM$CANCEL_ALL_QUERIES(1)") == "statement_not_allowed"
    assert caller.code("execute_query", quantity=3) == "invalid_argument"
    assert caller.code("fetch_results", cursor="forged") == "cursor_invalid"
    caller.request("tools/call", name="no such tool", arguments={})
    caller.request("no/such/method")
    assert caller.get("/no/such/page") == 404


def embedded(caller: Caller) -> None:
    """One round on the embedded engine."""
    every_tool(caller)
    mistakes(caller)
    # More than MAX_RESULT_BYTES holds.
    caller.call("execute_query", sql=f"SELECT * FROM {SAMPLE}.LINEITEM", limit=5000)
    # Some seconds of work: the processor's time is counted in whole ones.
    pairs = f"{SAMPLE}.LINEITEM a, (SELECT * FROM {SAMPLE}.LINEITEM LIMIT 300) b"
    assert (
        caller.code("execute_query", sql=f"SELECT COUNT(*) FROM {pairs} WHERE a.L_COMMENT || b.L_COMMENT > 'zz'")
        == "ok"
    )
    for path in ("/livez", "/readyz", "/startupz", "/version"):
        assert caller.get(path) == 200


def snowflake(caller: Caller, stub: Stub) -> None:
    """One round on the stub, for a server with a pool of two."""
    every_tool(caller)
    mistakes(caller)
    # A result in pieces.
    pieces = caller.call("execute_query", sql="select * from stub.rows(n => 900, chunk => 90)", limit=900)
    assert pieces["structuredContent"]["row_count"] == 900, pieces
    # One request that Snowflake is too busy for, one token that has run out.
    stub.order("faults", [{"endpoint": "query", "kind": "status", "code": 503, "times": 1}])
    assert caller.code("execute_query", sql="select 1") == "ok"
    stub.order("lose", {"what": "session_tokens"})
    assert caller.code("execute_query", sql="select 1") == "ok"
    # Callers that leave, and a statement whose time is up: aborts.
    at_once(4, lambda: caller.leave(0.5, "execute_query", sql="select stub.sleep(60000)"))
    assert caller.code("execute_query", sql="select stub.sleep(60000)", timeout_seconds=1) == "query_timeout"
    # Five callers for two sessions, long enough to be asked about afterwards.
    at_once(5, lambda: caller.call("execute_query", sql="select stub.sleep(1200)"))
