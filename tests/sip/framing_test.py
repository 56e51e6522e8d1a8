"""Messages on a TCP connection, however the octets arrive."""

from lib.story import Story


class Framing(Story):
    def test_one_octet_at_a_time(self):
        """R-P-007."""
        self.start()
        self.carrier  # pylint: disable=pointless-statement
        invite = self.invite(transport="tcp")
        stream = self.sbc.connect(self.net(1), 5060)
        for octet in invite.octets():
            stream.socket.sendall(bytes([octet]))
        arrived = self.carrier.expect("INVITE")
        self.assert_untouched(invite, arrived)
        self.verify(arrived, "A")
        self.refuse(arrived, invite)

    def test_three_in_one_write(self):
        """R-P-007: with keep-alives between them."""
        self.start()
        self.carrier  # pylint: disable=pointless-statement
        invites = [self.invite(transport="tcp", called="+1215555019%d" % i) for i in range(3)]
        stream = self.sbc.connect(self.net(1), 5060)
        stream.socket.sendall(b"\r\n\r\n".join(invite.octets() for invite in invites))
        seen = {self.carrier.expect("INVITE")["call-id"] for _ in invites}
        self.assertEqual(seen, {invite["call-id"] for invite in invites})

    def test_keep_alive(self):
        """R-P-007 (RFC 5626 section 3.5.1): CRLF or silence, and the connection stays."""
        self.start()
        stream = self.sbc.connect(self.net(1), 5060)
        stream.socket.sendall(b"\r\n\r\n")
        self.sbc.poll(0.2)
        self.assertFalse(stream.closed)
        self.signed_call(transport="tcp")

    def test_framing_that_is_lost_ends_the_connection(self):
        """R-P-005: what follows a wrong Content-Length is not taken as a request."""
        self.start()
        self.carrier  # pylint: disable=pointless-statement
        for lines in (["Content-Length: -1"], ["Content-Length: 5", "Content-Length: 7"],
                      ["Content-Length: 99999999999"], []):
            with self.subTest(lines=lines):
                bad = self.invite(transport="tcp").replaced("content-length", *lines)
                stream = self.sbc.connect(self.net(1), 5060, fresh=True)
                stream.socket.sendall(bad.octets() + self.invite(transport="tcp").octets())
                self.sbc.expect_closed(stream)
                self.carrier.expect_nothing(0.1)
        self.sbc.inbox = []
        self.signed_call(transport="tcp")

    def test_a_message_without_a_body_has_the_same_limit(self):
        """limits.message is for header and body together, also where there is no body."""
        self.start(limits=' message = "2k";')
        self.carrier  # pylint: disable=pointless-statement
        for body in (b"", b"x" * 2000):
            extra = [] if body else ["X-Filler: " + "x" * 250] * 8
            stream = self.sbc.connect(self.net(1), 5060, fresh=True)
            self.sbc.send(self.invite(transport="tcp", body=body, extra=extra), stream)
            self.sbc.expect(513)
            self.sbc.expect_closed(stream)
        self.carrier.expect_nothing(0.1)
        self.signed_call(transport="tcp", body=b"")

    def test_empty_datagrams(self):
        """From whom we know and from strangers: nothing happens, and nothing ends."""
        self.start()
        for peer in (self.sbc, self.peer("nobody", 66)):
            for _ in range(20):
                peer.udp.sendto(b"", (self.net(1), 5060))
        self.signed_call()

    def test_two_connections(self):
        """R-P-047: each answer leaves on the connection of its request."""
        self.start()
        self.carrier  # pylint: disable=pointless-statement
        for _ in range(2):
            stream = self.sbc.connect(self.net(1), 5060, fresh=True)
            invite = self.invite(transport="tcp")
            self.sbc.send(invite, stream)
            arrived = self.carrier.expect("INVITE")
            self.carrier.respond(arrived, 180)
            self.assertIs(self.sbc.expect(180).connection, stream)
            self.refuse(arrived, invite)

    def test_the_caller_closes(self):
        """The callee's answer to a caller who is gone hurts nobody."""
        self.start()
        self.carrier  # pylint: disable=pointless-statement
        stream = self.sbc.connect(self.net(1), 5060)
        self.sbc.send(self.invite(transport="tcp"), stream)
        arrived = self.carrier.expect("INVITE")
        stream.socket.close()
        self.sbc.streams.remove(stream)
        self.carrier.respond(arrived, 486)
        self.carrier.expect("ACK")
        self.signed_call()
