"""A web server of certificates: https at port 8443 of an address of the story's own, which counts what it is asked for."""

import socket
import ssl
import threading

from .tls import Authority

PORT = 8443


class Web:
    """Serves what BODIES has by path, and 404 for the rest; it can be told to hang."""

    def __init__(self, lab, host, *names, authority="web"):
        """NAMES: which it has besides its address."""
        self.host, self.bodies, self.gets = host, {}, []
        self.statuses = {}  # by path, where it is not 200, or 404 without a body
        self.authority = Authority(lab, authority)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*self.authority.issue("server", "IP:" + host, *names))
        self.answers = threading.Event()
        self.answers.set()
        self.listener = socket.create_server((host, PORT))
        self.accepts = threading.Thread(target=self._accept, daemon=True)
        self.accepts.start()

    @property
    def ca(self):
        return self.authority.certificate

    def url(self, path):
        return "https://%s:%d/%s" % (self.host, PORT, path)

    def hang(self, hangs=True):
        """What is asked for from now on waits for its answer."""
        (self.answers.clear if hangs else self.answers.set)()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with self.context.wrap_socket(connection, server_side=True) as tls:
                path = self._asked(tls)
                self.gets.append(path)
                self.answers.wait()
                body = self.bodies.get(path)
                status = self.statuses.get(path, b"404 Not Found" if body is None else b"200 OK")
                tls.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (
                    status, len(body or b""), body or b""))
        except OSError:
            pass  # whoever asked is gone

    @staticmethod
    def _asked(tls):
        octets = b""
        while b"\r\n\r\n" not in octets:
            more = tls.recv(4096)
            if not more:
                raise OSError("ended")
            octets += more
        return octets.split(b" ", 2)[1].decode("ascii")[1:]

    def close(self):
        self.answers.set()
        if self.listener.fileno() < 0:
            return
        self.listener.shutdown(socket.SHUT_RDWR)  # else the thread that accepts keeps it open
        self.accepts.join()
        self.listener.close()
