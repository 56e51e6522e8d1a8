"""SIP over TLS in a story: an authority that issues certificates, and a peer that uses them."""

import os
import socket
import ssl
import subprocess

from .patience import HANG_S
from .peer import TIMEOUT, Peer, Stream

TLS_PORT = 5061


class Authority:
    """A root certificate of its own; what it issues is {NAME.pem, NAME.key} in its directory."""

    def __init__(self, lab, name="ca"):
        self.directory = lab.path("tls", name)
        os.makedirs(self.directory, exist_ok=True)
        self.certificate, self.key = self._new("root", "/CN=%s root" % name, [
            "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign"])

    def _new(self, name, subject, options, days=30):
        certificate = os.path.join(self.directory, name + ".pem")
        key = os.path.join(self.directory, name + ".key")
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                   "ec_paramgen_curve:P-256", "-nodes", "-sha256", "-days", str(days), "-subj",
                   subject, "-keyout", key, "-out", certificate] + options
        subprocess.run(command, check=True, timeout=HANG_S, capture_output=True)
        os.chmod(key, 0o600)
        return certificate, key

    def issue(self, name, *alternatives, days=30):
        """(certificate, key); ALTERNATIVES are "DNS:x", "IP:192.0.2.1", "URI:sip:x"."""
        names = ",".join(alternatives) or "DNS:" + name
        return self._new(name, "/CN=" + name, [
            "-addext", "basicConstraints=critical,CA:FALSE", "-addext",
            "subjectAltName=" + names, "-CA", self.certificate, "-CAkey", self.key], days)


class TlsPeer(Peer):
    """A peer that also speaks TLS: at port 5061, and towards stird."""

    def __init__(self, name, host, transcript, authority, own, ask_client=False, listens=True,
                 port=5060):
        super().__init__(name, host, port, transcript)
        self.tls_port, self.refused = TLS_PORT, 0
        self.tls_listener = None
        self.client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.client.check_hostname = False
        self.client.load_verify_locations(authority.certificate)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if own:
            self.client.load_cert_chain(*own)
        if own and listens:
            self.server.load_cert_chain(*own)
            self.tls_listener = self._bind(socket.SOCK_STREAM, TLS_PORT)
            self.tls_listener.listen(16)
            self.listeners.append((self.tls_listener, self._accept_tls))
        if ask_client:
            self.server.verify_mode = ssl.CERT_REQUIRED
            self.server.load_verify_locations(authority.certificate)

    def _accept_tls(self, sock):
        sock.settimeout(TIMEOUT)
        try:
            return Stream(self.server.wrap_socket(sock, server_side=True), "tls")
        except (ssl.SSLError, OSError):
            self.refused += 1
            sock.close()
            return None

    def dial(self, host, port, transport="tcp"):
        stream = super().dial(host, port)
        if transport == "tls":
            with_tls = self.client.wrap_socket(stream.socket)
            stream = Stream(with_tls, "tls")
        return stream

    def close(self):
        super().close()
        if self.tls_listener:
            self.tls_listener.close()
