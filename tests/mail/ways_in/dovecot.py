"""A real IMAP server for the tests: Debian's Dovecot, on loopback ports, with a folder of its own for all it writes."""

import datetime
import ipaddress
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from imapclient import IMAPClient

from crm.local.run import end_with_parent

PASSWORD = "geheim-ü"
CONFIGURATION = """
protocols = imap
listen = 127.0.0.1
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
mail_location = maildir:{root}/mail/%u
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
disable_plaintext_auth = no
auth_failure_delay = 0
auth_mechanisms = plain login
mail_max_userip_connections = 100
ssl = yes
ssl_cert = <{root}/certificate.pem
ssl_key = <{root}/key.pem
{more}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/home/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""


def program() -> str | None:
    """Where Dovecot is, if it is."""
    return shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Dovecot:
    """Started by `start`, ended by `stop`. Every user exists, with PASSWORD and a mailbox of his own."""

    def __init__(self, more: str = ""):
        """`more`: further lines of the configuration."""
        # Where whoever serves the mailboxes can reach it; a test's own folder is its owner's alone.
        self.root = Path(tempfile.mkdtemp(prefix="crm-dovecot-"))
        self.port, self.tls_port, self.more = free_port(), free_port(), more
        self.process: subprocess.Popen | None = None

    def start(self) -> "Dovecot":
        me = pwd.getpwuid(os.geteuid())
        # Dovecot serves no mail as root. Its package brings the users that its parts run as.
        owner = pwd.getpwnam("dovecot") if me.pw_uid == 0 else me
        login = "dovenull" if me.pw_uid == 0 else me.pw_name
        self.root.chmod(0o755)
        self._certificate()
        for name in ("mail", "home", "run", "state"):
            (self.root / name).mkdir(exist_ok=True)
            os.chown(self.root / name, owner.pw_uid, owner.pw_gid)
        (self.root / "dovecot.conf").write_text(
            CONFIGURATION.format(
                root=self.root,
                internal=owner.pw_name,
                group=_group(owner.pw_gid),
                login=login,
                uid=owner.pw_uid,
                gid=owner.pw_gid,
                port=self.port,
                tls_port=self.tls_port,
                password=PASSWORD,
                more=self.more,
            )
        )
        output = (self.root / "output").open("wb")
        self.process = subprocess.Popen(
            [program(), "-F", "-c", self.root / "dovecot.conf"],
            stdout=output,
            stderr=output,
            start_new_session=True,
            # Also when the tests are killed.
            preexec_fn=end_with_parent,
        )
        until = time.monotonic() + 20
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                if probe.recv(4) == b"* OK":
                    return self
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"Dovecot did not start: {self.words()}")
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process:
            with suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
        shutil.rmtree(self.root, ignore_errors=True)

    def words(self) -> str:
        """What it wrote."""
        found = [self.root / "log", self.root / "output"]
        return "\n".join(path.read_text(errors="replace") for path in found if path.exists())

    def client(self, user: str) -> IMAPClient:
        """Signed in as this user, beside the CRM."""
        client = IMAPClient("127.0.0.1", self.port, ssl=False, timeout=20)
        client.plain_login(user, PASSWORD)
        return client

    def put(self, user: str, *mails: bytes, folder: str = "INBOX") -> None:
        """Mails arrive."""
        with self.client(user) as client:
            if folder != "INBOX" and not client.folder_exists(folder):
                client.create_folder(folder)
            for raw in mails:
                client.append(folder, raw)

    def see(self, user: str, folder: str = "INBOX") -> dict[int, tuple]:
        """{UID: flags} of a folder."""
        with self.client(user) as client:
            client.select_folder(folder, readonly=True)
            return {uid: one[b"FLAGS"] for uid, one in client.fetch(client.search(), ["FLAGS"]).items()}

    @property
    def certificate(self) -> Path:
        """Signed by itself: whom SSL_CERT_FILE names it trusts it, and nobody else."""
        return self.root / "certificate.pem"

    def _certificate(self) -> None:
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(
                x509.SubjectAlternativeName(
                    [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
                ),
                critical=False,
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        (self.root / "key.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )


def _group(gid: int) -> str:
    import grp

    return grp.getgrgid(gid).gr_name
