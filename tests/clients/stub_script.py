"""What each of Snowflake's own connectors does with the stub: `python stub_script.py http://127.0.0.1:PORT`.

Runs in the connector's environment, not in that of the tests. The first thing that is not as it should be ends it.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import snowflake.connector
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

STUB = sys.argv[1]
CLASSIC = int(snowflake.connector.__version__.split(".")[0]) < 5

TYPES = [
    "FIXED_INT8",
    "FIXED_INT16",
    "FIXED_INT32",
    "FIXED_INT64",
    "FIXED_DECIMAL",
    "FIXED_DECIMAL_SCALE",
    "REAL",
    "REAL_INFINITE",
    "BOOLEAN",
    "TEXT",
    "NULL_ONLY",
    "VARIANT",
    "OBJECT",
    "ARRAY",
    "DATE",
    "TIME_0",
    "TIME_3",
    "TIME_6",
    "TIME_9",
    "TIMESTAMP_NTZ_0",
    "TIMESTAMP_NTZ_3",
    "TIMESTAMP_NTZ_6",
    "TIMESTAMP_NTZ_9",
    "TIMESTAMP_LTZ_0",
    "TIMESTAMP_LTZ_3",
    "TIMESTAMP_LTZ_6",
    "TIMESTAMP_LTZ_9",
    "TIMESTAMP_TZ_0",
    "TIMESTAMP_TZ_3",
    "TIMESTAMP_TZ_6",
    "TIMESTAMP_TZ_9",
    "GEOGRAPHY",
    "INTERVAL_YEAR_MONTH",
    "INTERVAL_DAY_TIME",
]
"""The columns of which both encodings are the same to both connectors."""

DIFFERENT_TYPES = [
    "DECFLOAT",
    "BINARY",
    "GEOMETRY",
    "OBJECT_STRUCTURED",
    "ARRAY_STRUCTURED",
    "MAP",
    "VECTOR_FLOAT",
    "VECTOR_INT",
]
"""Those that a connector shows as another Python type, or rounds, in one of the encodings."""


def ask(method: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(STUB + path, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def counters() -> dict[str, Any]:
    return ask("GET", "/stub/counters")


@contextlib.contextmanager
def settings(**changed: Any) -> Iterator[None]:
    """The stub with these settings, and afterwards as it was."""
    before = ask("POST", "/stub/settings", {})
    ask("POST", "/stub/settings", changed)
    try:
        yield
    finally:
        ask("POST", "/stub/settings", before)


def connect(**options: Any) -> Any:
    address = urlsplit(STUB)
    where = {"account": "stub", "host": address.hostname, "port": address.port, "protocol": "http"}
    what = {"user": "analyst", "database": "D", "schema": "S", "warehouse": "WH", "role": "READER"}
    if not options.keys() & {"authenticator", "private_key"}:
        options["password"] = options.get("password", "any")
    return snowflake.connector.connect(**where, **what, **options)


@contextlib.contextmanager
def cursor(**options: Any) -> Iterator[Any]:
    with contextlib.closing(connect(**options)) as connection:
        yield connection.cursor()


def refused(run: Callable[[], Any]) -> Any:
    """The error it ends with."""
    try:
        run()
    except snowflake.connector.errors.Error as error:
        return error
    raise AssertionError("it should have failed")


def password_login() -> None:
    with settings(password="right"):
        with cursor(password="right") as one:
            assert one.execute("select current_user(), current_role()").fetchall() == [("ANALYST", "READER")]
        assert refused(lambda: connect(password="wrong")).errno
    assert counters()["logins_refused"] == 1


def key_pair_login() -> None:
    def pair() -> tuple[bytes, str]:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        encoding = serialization.Encoding
        private = key.private_bytes(encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        public = key.public_key().public_bytes(encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        return private, public.decode()

    private, public = pair()
    other, _ = pair()
    with settings(require_jwt_key=public):
        with cursor(private_key=private, authenticator="SNOWFLAKE_JWT") as one:
            assert one.execute("select 1").fetchall() == [(1,)]
        assert refused(lambda: connect(private_key=other, authenticator="SNOWFLAKE_JWT")).errno


def literals_and_session() -> None:
    with cursor() as one:
        one.execute("select 1 as n, 'two' as t, null, -1.50, true")
        (row,) = one.fetchall()
        assert row[:3] == (1, "two", None)
        assert str(row[3]) == "-1.50"
        assert row[4] is True
        assert [column[0] for column in one.description[:2]] == ["N", "T"]
        one.execute("use role other")
        one.execute("use schema d2.s2")
        assert one.execute("select current_role(), current_database(), current_schema()").fetchall() == [
            ("OTHER", "D2", "S2")
        ]
        assert one.connection.role == "OTHER"
        one.execute("alter session set QUERY_TAG = 'tagged'")
        one.execute("select 1")
        assert counters()["queries_by_tag"]["tagged"] >= 1
        assert len(one.execute("show tables").fetchall()) == 2
        assert [column[0] for column in one.describe("select 1 as a, 'b' as b")] == ["A", "B"]


def chunks_in_order() -> None:
    expected = [(number, f"name {number}") for number in range(1_000)]
    with cursor() as one:
        for layout in ("arrow", "json"):
            for packed in ("false", "true"):
                one.execute(f"select * from stub.rows(n => 1000, chunk => 90, format => '{layout}', gzip => {packed})")
                assert one.fetchall() == expected, (layout, packed)
    after = counters()
    assert after["chunk_gets"] == 4 * 11, after["chunk_gets"]
    assert after["bad_chunk_headers"] == after["token_leaked_to_chunk"] == 0


def empty_result_has_columns() -> None:
    with cursor() as one:
        for layout in ("arrow", "json"):
            assert one.execute(f"select * from stub.empty(format => '{layout}')").fetchall() == []
            assert [column[0] for column in one.description] == ["ID", "NAME"]


def all_types() -> None:
    with cursor() as one:

        def values(column: str, layout: str) -> list[Any]:
            rows = one.execute(f"select * from stub.types(format => '{layout}', columns => '{column}')").fetchall()
            return [value for (value,) in rows]

        for column in TYPES:
            arrow, text = values(column, "arrow"), values(column, "json")
            # As text: NaN is not equal to itself.
            assert repr(arrow) == repr(text), (column, arrow, text)
        for column in DIFFERENT_TYPES:
            for layout in ("arrow", "json"):
                found = values(column, layout)
                assert [value is None for value in found] == [False, True, False, False, False], (column, found)


def slow_query_is_polled() -> None:
    before = counters()["result_polls"]
    with settings(sync_window_ms=200, long_poll_ms=300), cursor() as one:
        assert one.execute("select stub.sleep(1200)").fetchall() == [(1200,)]
    assert counters()["result_polls"] >= before + 2


def error_has_code_and_state() -> None:
    with cursor() as one:
        error = refused(lambda: one.execute("select stub.fail(100035, 'as ordered')"))
        assert (error.errno, error.sqlstate) == (100035, "22000")
        assert "as ordered" in str(error)
        assert error.sfqid
        assert refused(lambda: one.execute("select * from nowhere")).errno == 2003


def binds_come_back() -> None:
    snowflake.connector.paramstyle = "qmark"
    try:
        with cursor() as one:
            one.execute("select ?, ?, ?, ?", (5, "snow", None, True))
            assert one.fetchall() == [(5, "snow", None, True)]
    finally:
        snowflake.connector.paramstyle = "pyformat"


def client_timeout_aborts() -> None:
    before = counters()["aborted"]
    # Connector 5 takes the limit for a connection and ignores that of a statement.
    options = {} if CLASSIC else {"query_timeout": 1}
    with cursor(**options) as one:
        limit = {"timeout": 1} if CLASSIC else {}
        started = time.monotonic()
        assert refused(lambda: one.execute("select stub.sleep(20000)", **limit)).errno
        assert time.monotonic() - started < 15
        # Connector 5 does not wait for the answer to its abort.
        while counters()["aborted"] == before:
            assert time.monotonic() - started < 15
            time.sleep(0.05)


def server_timeout_ends() -> None:
    before = counters()["timed_out"]
    limit = {"STATEMENT_TIMEOUT_IN_SECONDS": 1}
    with cursor() as one:
        assert refused(lambda: one.execute("select stub.sleep(20000)", _statement_params=limit)).errno == 630
    assert counters()["timed_out"] == before + 1


def expired_token_is_renewed() -> None:
    before = counters()
    with cursor() as one:
        ask("POST", "/stub/lose", {"what": "session_tokens"})
        assert one.execute("select 1").fetchall() == [(1,)]
    after = counters()
    assert after["renewals"] == before["renewals"] + 1
    assert after["logins"] == before["logins"] + 1


def lost_answer_is_asked_for_again() -> None:
    before = counters()
    with cursor() as one:
        ask("POST", "/stub/faults", [{"endpoint": "query", "kind": "status", "code": 503, "after": True, "times": 1}])
        assert one.execute("select 7").fetchall() == [(7,)]
    after = counters()
    assert after["replays"] == before["replays"] + 1
    assert after["statements"] == before["statements"] + 1


def detached_statement_is_found_by_id() -> None:
    with cursor() as one:
        one.execute_async("select stub.sleep(500)")
        query_id = one.sfqid
        assert str(uuid.UUID(query_id)) == query_id
        other = one.connection.cursor()
        other.get_results_from_sfqid(query_id)
        assert other.fetchall() == [(500,)]


STEPS = [
    password_login,
    key_pair_login,
    literals_and_session,
    chunks_in_order,
    empty_result_has_columns,
    all_types,
    slow_query_is_polled,
    error_has_code_and_state,
    binds_come_back,
    client_timeout_aborts,
    server_timeout_ends,
    expired_token_is_renewed,
    lost_answer_is_asked_for_again,
    detached_statement_is_found_by_id,
]


def main() -> None:
    print("connector", snowflake.connector.__version__)
    for step in STEPS:
        started = time.monotonic()
        print(step.__name__, end=" ", flush=True)
        step()
        print(f"{time.monotonic() - started:.1f} s", flush=True)


main()
