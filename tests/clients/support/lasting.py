"""Statements that last, for tests of what happens meanwhile."""

from __future__ import annotations

import time

from support.clients import Session


def lasting(million_pairs: int) -> str:
    """A statement whose work grows with the number."""
    rows = million_pairs * 1_000_000 // 60_175
    return f"""
        SELECT COUNT(*) AS n
        FROM lineitem a, (SELECT * FROM lineitem LIMIT {rows}) b
        WHERE a.l_comment || b.l_comment > 'zz'
    """


async def statement_of(session: Session, seconds: float) -> str:
    """One that runs at least so long on this machine."""
    million_pairs = 1
    while True:
        started = time.monotonic()
        answer = await session.call("execute_query", sql=lasting(million_pairs))
        assert not answer.is_error, answer.text
        if time.monotonic() - started > seconds:
            return lasting(million_pairs)
        million_pairs *= 2
