"""Domains of trust: where a stird keeps their last good lists."""

import hashlib


def kept_name(domain, what, place):
    """The file of a list in `trust` below the state directory: WHAT is "list" or "crl", PLACE its URL or path."""
    return "%s.%s-%s" % (domain, what, hashlib.sha256(place.encode()).hexdigest()[:32])
