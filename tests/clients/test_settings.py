"""Settings as people bring them along, each to the sign-in: `check --connect` on the stub, which verifies keys."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from support.server import binary, environment
from support.stub import account, ask, running

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PASSPHRASE = "correct horse battery"


def private(encoding: serialization.Encoding, passphrase: str = "") -> bytes:
    """The key as PKCS #8, sealed where there is a passphrase."""
    sealed = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    return KEY.private_bytes(encoding, serialization.PrivateFormat.PKCS8, sealed)


PEM = private(serialization.Encoding.PEM).decode()
DER = base64.b64encode(private(serialization.Encoding.DER)).decode()
SEALED = base64.b64encode(private(serialization.Encoding.DER, PASSPHRASE)).decode()
LINES = PEM.strip().splitlines()


@pytest.fixture(scope="module")
def stub() -> Iterator[str]:
    public = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    with running() as url:
        ask("POST", url + "/stub/settings", {"require_jwt_key": public.decode(), "password": "right"})
        yield url


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with the key, and with the settings of Snowflake's own tools."""
    (tmp_path / "key.p8").write_text(PEM)
    return tmp_path


def check(stub: str, home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    usual = account(stub)
    del usual["SNOWFLAKE_AUTH_TYPE"], usual["SNOWFLAKE_PASSWORD"]
    quick = {"SNOWFLAKE_POOL_RETRY_ATTEMPTS": "0", "SNOWFLAKE_POOL_CONNECTION_TIMEOUT": "20", "HOME": str(home)}
    return subprocess.run(
        [binary(), "check", "--connect"],
        env=environment(**usual | quick | variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({"SNOWFLAKE_PRIVATE_KEY": DER}, id="DER in base64"),
        pytest.param(
            {"SNOWFLAKE_PRIVATE_KEY": SEALED, "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE": PASSPHRASE}, id="sealed DER in base64"
        ),
        pytest.param({"SNOWFLAKE_PRIVATE_KEY": "\n".join(LINES[1:-1])}, id="no header lines"),
        pytest.param({"SNOWFLAKE_PRIVATE_KEY": base64.b64encode(PEM.encode()).decode()}, id="PEM in base64"),
        pytest.param({"SNOWFLAKE_PRIVATE_KEY": "\\n".join(LINES)}, id="line ends written out"),
        pytest.param({"SNOWFLAKE_PRIVATE_KEY": "\\r\\n".join(LINES)}, id="line ends of Windows written out"),
        pytest.param({"SNOWFLAKE_PRIVATE_KEY": "\\\\n".join(LINES)}, id="doubly escaped"),
        pytest.param({"SNOWFLAKE_PRIVATE_KEY": f'"{PEM}"'}, id="quotes that Docker leaves"),
        pytest.param({"SNOWFLAKE_PRIVATE_KEY_PATH": "~/key.p8"}, id="a path with ~"),
        pytest.param({"SNOWFLAKE_PRIVATE_KEY": "~/key.p8"}, id="a path in the variable of the key"),
        pytest.param({"SNOWFLAKE_PRIVATE_KEY": DER, "SNOWFLAKE_AUTH_TYPE": "SNOWFLAKE_JWT"}, id="the drivers' word"),
        pytest.param(
            {"SNOWFLAKE_PRIVATE_KEY": DER, "SNOWFLAKE_AUTHENTICATOR": "snowflake_jwt"}, id="the drivers' variable"
        ),
        pytest.param({"SNOWFLAKE_PASSWORD": "right"}, id="a password and no word of how"),
    ],
)
def test_it_signs_in_with(stub: str, home: Path, variables: dict[str, str]) -> None:
    before = ask("GET", stub + "/stub/counters")["logins"]
    checked = check(stub, home, **variables)
    assert checked.returncode == 0, checked.stderr
    assert ask("GET", stub + "/stub/counters")["logins"] > before


def test_it_signs_in_with_a_connection_of_snowflakes_own_tools(stub: str, home: Path) -> None:
    folder = home / "snowflake"
    folder.mkdir()
    written = folder / "connections.toml"
    written.write_text(
        '[mine]\naccount = "myorg-myaccount"\nuser = "reader"\nauthenticator = "SNOWFLAKE_JWT"\n'
        f'private_key_file = "{home}/key.p8"\n'
    )
    written.chmod(0o600)
    checked = check(stub, home, SNOWFLAKE_HOME=str(folder), SNOWFLAKE_CONNECTION_NAME="mine")
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"SNOWFLAKE_PRIVATE_KEY": DER[: len(DER) // 2]}, "SNOWFLAKE_PRIVATE_KEY"),
        ({"SNOWFLAKE_PRIVATE_KEY": SEALED}, "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"),
        ({"SNOWFLAKE_PRIVATE_KEY_PATH": "~/other.p8"}, "SNOWFLAKE_PRIVATE_KEY_PATH"),
        ({"SNOWFLAKE_PASSWORD": "wrong"}, "SNOWFLAKE_USER and its password"),
        ({"SNOWFLAKE_PASSWORD": "right", "SNOWFLAKE_PORT": "1"}, "check SNOWFLAKE_HOST, SNOWFLAKE_PORT"),
    ],
    ids=["half a key", "no passphrase", "no file", "another password", "another port"],
)
def test_what_is_wrong_is_named(stub: str, home: Path, variables: dict[str, str], named: str) -> None:
    checked = check(stub, home, **variables)
    assert checked.returncode in {1, 64}, checked.stderr
    assert named in checked.stderr
    assert DER[:20] not in checked.stderr
