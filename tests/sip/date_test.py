"""R-P-129 R-P-130: The Date header and iat (Decided 9)."""

import email.utils
import time

from lib.story import Story


def sip_date(offset=0):
    return email.utils.formatdate(time.time() + offset, usegmt=True)


def seconds(text):
    return int(email.utils.parsedate_to_datetime(text).timestamp())


class Date(Story):
    def date_and_token(self, *lines):
        before = int(time.time())
        _, arrived, token = self.signed_call(extra=lines)
        self.between = range(before, int(time.time()) + 1)
        dates = arrived.all("date")
        self.assertEqual(len(dates), 1, dates)
        self.assertEqual(seconds(dates[0]), token.iat, "Date and iat are the same second")
        return dates[0], token

    def test_absent_is_added(self):
        self.start()
        _, token = self.date_and_token()
        self.assertIn(token.iat, self.between)

    def test_fresh_is_kept_and_gives_iat(self):
        self.start()
        for offset in (-3, 0, 3):
            with self.subTest(offset=offset):
                text = sip_date(offset)
                seen, _ = self.date_and_token("Date: " + text)
                self.assertEqual(seen, text)

    def test_wrong_is_replaced(self):
        """Older, later, unreadable, another zone, several: replaced by iat's."""
        self.start()
        for lines in (["Date: " + sip_date(-60)], ["Date: " + sip_date(3600)],
                      ["Date: yesterday"], ["Date: Sat, 32 Foo 2026 25:61:61 GMT"],
                      ["Date: " + sip_date().replace("GMT", "EST")], ["Date:"],
                      ["Date: " + sip_date(), "Date: " + sip_date(-1)]):
            with self.subTest(lines=lines):
                _, token = self.date_and_token(*lines)
                self.assertIn(token.iat, self.between)

    def test_an_unsigned_call_keeps_its_date(self):
        """Nothing that is not signed is touched."""
        self.start()
        line = "Date: " + sip_date(-3600)
        _, arrived = self.unsigned_call(from_="<sip:alice@pbx.example.com>", extra=[line])
        self.assertEqual(arrived.raws("date"), [line.encode()])
