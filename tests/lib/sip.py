"""A SIP message as the octets it is: nothing is normalised, so a test can compare what came out."""

COMPACT = {
    "a": "accept-contact", "b": "referred-by", "c": "content-type", "d": "request-disposition",
    "e": "content-encoding", "f": "from", "i": "call-id", "j": "reject-contact", "k": "supported",
    "l": "content-length", "m": "contact", "o": "event", "r": "refer-to", "s": "subject",
    "t": "to", "u": "allow-events", "v": "via", "x": "session-expires", "y": "identity",
}


def octets(text):
    return text if isinstance(text, bytes) else text.encode("utf-8")


def full_name(name):
    """The header's long name in small letters: "v" and "Via" are both "via"."""
    name = name.strip().lower()
    return COMPACT.get(name, name)


class Header:
    """One header line with its folds; RAW has no line end of its own."""

    def __init__(self, raw):
        self.raw = raw
        name, _, value = raw.partition(b":")
        self.name = full_name(name.decode("latin-1"))
        unfolded = b" ".join(part.strip() for part in value.split(b"\r\n"))
        self.value = unfolded.strip().decode("utf-8", "surrogateescape")


class Message:
    def __init__(self, start, headers=(), body=b""):
        self.start = octets(start)
        self.headers = [Header(octets(line)) for line in headers]
        self.body = octets(body)
        self.raw = None  # as received
        self.time = None  # monotonic seconds of arrival
        self.transport = self.source = self.connection = None

    @classmethod
    def parse(cls, raw):
        head, _, body = raw.partition(b"\r\n\r\n")
        lines = []
        for line in head.split(b"\r\n"):
            if line[:1] in (b" ", b"\t") and lines:
                lines[-1] += b"\r\n" + line
            else:
                lines.append(line)
        message = cls(lines[0], lines[1:], body)
        message.raw = raw
        return message

    def octets(self):
        head = b"\r\n".join([self.start] + [header.raw for header in self.headers])
        return head + b"\r\n\r\n" + self.body

    # what it is
    @property
    def is_request(self):
        return not self.start.startswith(b"SIP/2.0 ")

    @property
    def method(self):
        """Of a request; of an answer the method of its CSeq."""
        word = self.start.split(b" ", 1)[0] if self.is_request else self["cseq"].split()[-1]
        return word.decode("latin-1") if isinstance(word, bytes) else word

    @property
    def status(self):
        return None if self.is_request else int(self.start.split(b" ")[1])

    @property
    def uri(self):
        return self.start.split(b" ")[1].decode("utf-8", "surrogateescape")

    def summary(self):
        return self.start.decode("latin-1")

    # headers
    def all(self, name):
        return [header.value for header in self.headers if header.name == full_name(name)]

    def raws(self, name):
        return [header.raw for header in self.headers if header.name == full_name(name)]

    def elements(self, name):
        """The values of all lines, split at commas outside <> and quotes."""
        return [part for value in self.all(name) for part in split_commas(value)]

    def get(self, name, default=None):
        values = self.all(name)
        return values[0] if values else default

    def __getitem__(self, name):
        values = self.all(name)
        if not values:
            raise AssertionError("no %s in:\n%s" % (name, self.octets().decode("latin-1")))
        return values[0]

    def __contains__(self, name):
        return bool(self.all(name))

    # editing, for tests that send odd things
    def without(self, *names):
        wanted = {full_name(name) for name in names}
        copy = self.copy()
        copy.headers = [header for header in copy.headers if header.name not in wanted]
        return copy

    def replaced(self, name, *lines):
        """The lines of NAME give way to LINES, at the place of the first."""
        copy, new, out = self.copy(), [Header(octets(line)) for line in lines], []
        for header in self.headers:
            if header.name != full_name(name):
                out.append(header)
            elif new is not None:
                out.extend(new)
                new = None
        copy.headers = out if new is None else out + new
        return copy

    def plus(self, *lines):
        """Further header lines, behind the others but before Content-Type and Content-Length."""
        copy = self.copy()
        new = [Header(octets(line)) for line in lines]
        at = next((i for i, header in enumerate(copy.headers)
                   if header.name in ("content-type", "content-length")), len(copy.headers))
        copy.headers[at:at] = new
        return copy

    def copy(self):
        """To be edited: the header objects are its own, where it came from is kept."""
        copy = Message(self.start, [], self.body)
        copy.headers = [Header(header.raw) for header in self.headers]
        copy.time, copy.transport = self.time, self.transport
        copy.source, copy.connection = self.source, self.connection
        return copy


def split_commas(value):
    parts, depth, quoted, start, i = [], 0, False, 0, 0
    while i < len(value):
        c = value[i]
        if quoted and c == "\\":
            i += 1
        elif c == '"':
            quoted = not quoted
        elif not quoted and c in "<>":
            depth += 1 if c == "<" else -1
        elif not quoted and not depth and c == ",":
            parts.append(value[start:i].strip())
            start = i + 1
        i += 1
    parts.append(value[start:].strip())
    return [part for part in parts if part]


def uri_of(value):
    """The URI of a name-addr or addr-spec."""
    if "<" in value:
        return value[value.index("<") + 1:value.index(">", value.index("<"))]
    return value.split(";")[0].strip()


def parameter(value, name):
    """A header parameter's value, "" for one without a value, None when it is not there."""
    rest = value[value.index(">") + 1:] if "<" in value else value
    for part in rest.split(";")[1:]:
        key, _, text = part.partition("=")
        if key.strip().lower() == name:
            return text.strip()
    return None


def uri_parameter(uri, name):
    for part in uri.split(";")[1:]:
        key, _, text = part.partition("=")
        if key.strip().lower() == name:
            return text.strip()
    return None


def hop_of(uri):
    """(transport, host, port) that a sip: URI of literal addresses leads to."""
    rest = uri.split(":", 1)[1].split("?")[0]
    authority = rest.split(";")[0].rpartition("@")[2]
    if authority.startswith("["):
        host, _, port = authority[1:].partition("]")
        port = port.lstrip(":")
    else:
        host, _, port = authority.partition(":")
    transport = (uri_parameter(uri, "transport") or "udp").lower()
    if uri.startswith("sips:"):
        transport = "tls"
    return transport, host, int(port or (5061 if transport == "tls" else 5060))


def bracketed(host):
    return "[%s]" % host if ":" in host else host
