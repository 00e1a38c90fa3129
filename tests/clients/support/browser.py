"""A browser whose user allows everything. As a program it goes all the way, for clients that start a browser."""

from __future__ import annotations

import sys
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from typing import Any


class _StaysAt(urllib.request.HTTPRedirectHandler):
    """Follows redirects up to an address, which nobody serves."""

    def __init__(self, end: str) -> None:
        self._end = end
        self.reached = ""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if newurl.startswith(self._end):
            self.reached = newurl
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def browse(address: str, end: str) -> dict[str, str]:
    """Goes where a browser goes, and says with which parameters it came back."""
    stays = _StaysAt(end)
    jar = urllib.request.HTTPCookieProcessor(CookieJar())
    try:
        urllib.request.build_opener(stays, jar).open(address, timeout=20).read()
    except urllib.error.HTTPError as error:
        if not stays.reached:
            raise RuntimeError(f"the sign-in ended with {error.code}: {error.read()[:300]!r}") from None
    return dict(urllib.parse.parse_qsl(urllib.parse.urlparse(stays.reached).query))


if __name__ == "__main__":
    cookies = urllib.request.HTTPCookieProcessor(CookieJar())
    urllib.request.build_opener(cookies).open(sys.argv[1], timeout=20).read()
