"""Black-box stories of calls through stird; see tests/lib/story.py."""
