"""A call that comes by twice, with another number: its later requests do too (RFC 5393 section 4.2)."""

from lib import dialog
from lib.story import CALLED, Story

OTHER = "+13125550777"


class Spiral(Story):
    def as_proxy(self, message, uri=None, record_route=None):
        """What the SBC, a proxy, makes of it."""
        copy = message.copy()
        header = type(copy.headers[0])
        if uri:
            copy.start = b"%s %s SIP/2.0" % (copy.method.encode(), uri.encode())
        routes = [h for h in copy.headers if h.name == "route"]
        if routes:  # its own, which comes first
            at = copy.headers.index(routes[0])
            rest = copy.elements("route")[1:]
            copy.headers = [h for h in copy.headers if h.name != "route"]
            copy.headers[at:at] = [header(b"Route: " + r.encode()) for r in rest]
        top = [dialog.via(self.sbc, "udp", dialog.branch()).encode()]
        top += [b"Record-Route: <sip:%s:5060;lr>" % self.sbc.host.encode()] if record_route else []
        copy.headers = [header(line) for line in top] + copy.headers
        return copy

    def up(self):
        """The callee's Record-Routes: stird, the SBC, stird."""
        self.sbc.inbox = []
        self.first = self.invite(uri="sip:%s@sbc.example" % CALLED)
        self.sbc.send(self.first, self.at())
        back = self.sbc.expect("INVITE", skip=[408])  # to earlier ones, which nobody answers
        self.sbc.send(self.as_proxy(back, "sip:%s@sbc.example" % OTHER, True), self.at())
        again = self.sbc.expect("INVITE", skip=[100, 408])
        routes = again.elements("record-route")
        self.assertEqual(len(routes), 3)
        return routes[::-1]

    def inside(self, method, cseq, lines):
        request = self.sbc.request(method, "sip:callee@%s:5060" % self.net(3), extra=lines)
        for name, line in (("from", self.first.raws("from")[0]), ("to", b"To: <sip:x@y>;tag=callee"),
                           ("call-id", self.first.raws("call-id")[0]),
                           ("cseq", "CSeq: %d %s" % (cseq, method))):
            request = request.replaced(name, line)
        return request

    def test_later_requests_pass_twice(self):
        """R-P-021: however their Routes are divided into lines, here and on the way."""
        self.start(upstreams=[self.upstream(last=2)])
        callee = self.peer("callee", 3)
        divided = {"a line each": lambda r: ["Route: " + one for one in r],
                   "one line": lambda r: ["Route: " + ", ".join(r)],
                   "two and one": lambda r: ["Route: " + ", ".join(r[:2]), "Route: " + r[2]],
                   "one and two": lambda r: ["ROUTE : " + r[0], "Route:\r\n " + ",".join(r[1:])]}
        for name, lines in divided.items():
            routes = self.up()
            for method in ("ACK", "INFO", "BYE"):
                with self.subTest(name=name, method=method):
                    self.sbc.send(self.inside(method, 2, lines(routes)), self.at())
                    once = self.sbc.expect(method, skip=[100, 408])
                    self.sbc.send(self.as_proxy(once), self.at())
                    twice = callee.expect(method)
                    self.assertEqual(twice.elements("route"), [])
                    self.sbc.inbox, callee.inbox = [], []

    def test_what_is_the_same_again_is_a_circle(self):
        """The same Routes in other lines are no spiral."""
        self.start(upstreams=[self.upstream(last=2)])
        routes = self.up()
        self.sbc.send(self.inside("INFO", 2, ["Route: " + r for r in routes]), self.at())
        once = self.sbc.expect("INFO", skip=[100])
        again = once.copy()
        header = type(again.headers[0])
        again.headers = [h for h in again.headers if h.name != "route"]
        again.headers[:0] = [header(dialog.via(self.sbc, "udp", dialog.branch()).encode())]
        again.headers.append(header(b"Route: " + ", ".join(routes).encode()))
        raw = again.octets()
        self.sbc.send(raw, self.at())
        self.sbc.expect(482)
