"""A page of somebody else in a real Chromium: may it use a server on this machine that asks for no key?"""

from __future__ import annotations

import html
import http.server
import os
import re
import shutil
import subprocess
import tempfile
import threading

PAGE = """<!doctype html><meta charset=utf-8><pre id=seen>nothing</pre><script>
(async () => {
  const body = JSON.stringify({jsonrpc: '2.0', id: 1, method: 'tools/list'});
  const tell = async (name, options) => {
    try {
      const answer = await fetch('http://localhost:PORT/mcp', {method: 'POST', body, ...options});
      return name + '=' + (answer.type === 'opaque' ? 'opaque' : answer.status + ':' + (await answer.text()).length);
    } catch (error) { return name + '=blocked'; }
  };
  const seen = [
    await tell('json', {headers: {'Content-Type': 'application/json'}}),
    await tell('text', {headers: {'Content-Type': 'text/plain'}}),
  ];
  document.getElementById('seen').textContent = seen.join(' ');
})();
</script>"""


def chromium() -> str | None:
    """A browser, if there is one; CHROMIUM names another."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


def look(browser: str, site: str, port: int) -> str:
    """What a page of `site` sees of the server at `port`."""
    page = PAGE.replace("PORT", str(port)).encode()

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as pages, tempfile.TemporaryDirectory() as profile:
        threading.Thread(target=pages.serve_forever, daemon=True).start()
        dom = subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                f"--user-data-dir={profile}",
                f"--host-resolver-rules=MAP {site} 127.0.0.1",
                # Another guard of Chromium's own, which not all browsers have, must not hide what ours does.
                "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
                "--virtual-time-budget=10000",
                "--dump-dom",
                f"http://{site}:{pages.server_port}/",
            ],
            capture_output=True,
            text=True,
            timeout=90,
        ).stdout
        pages.shutdown()
    seen = re.search(r"<pre id=\"?seen\"?>(.*?)</pre>", dom, re.DOTALL)
    return html.unescape(seen.group(1)) if seen else "no page"
