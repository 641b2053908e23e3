"""Shows every component in every state, for authors of screens and for tests of the look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hatobin.audience.queries.pages import Page
from hatobin.campaigns.rules import Steps
from hatobin.common import clock
from hatobin.console.gallery.forms import HINTS, GalleryForm
from hatobin.console.middleware import StaffRequest
from hatobin.console.shared import staff_only

_PEOPLE = (
    ("山田 花子", "hanako@example.jp", "accepted", "250 2.0.0 Ok: queued as 4F2A1"),
    ("髙橋 太郎", "taro@example.jp", "bounced", "550 5.1.1 User unknown"),
    ("Alice", "alice@example.com", "in-doubt", ""),
    ("鈴木 次郎", "jiro..s@docomo.ne.jp", "waiting", ""),
)
_STATES = (
    *("draft", "held", "sending", "paused", "stopped", "done"),
    *("accepted", "waiting", "dot-sent", "bounced", "expired", "suppressed"),
    *("cancelled", "in-doubt"),
)
_ICONS = [
    "home",
    "letter",
    "people",
    "person",
    "inbox",
    "suppressed",
    "settings",
    "menu",
    "more",
    "close",
    "check",
    "success",
    "info",
    "warning",
    "error",
    "right",
    "left",
    "down",
    "plus",
    "search",
    "upload",
    "download",
    "file",
    "trash",
    "edit",
    "clock",
    "pause",
    "play",
    "stop",
    "external",
    "copy",
    "globe",
    "sun",
    "moon",
    "device",
    "eye",
    "send",
    "road",
    "key",
    "log",
    "refresh",
    "undo",
    "redo",
    "bold",
    "italic",
    "underline",
    "link",
    "bullets",
    "numbers",
    "heading",
    "quote",
    "eraser",
    "shield",
]
_SOURCE = """From: =?utf-8?B?6bOp5L6/5Zuz5pu46aSo?= <news@example.jp>
To: hanako@example.jp
Subject: =?utf-8?B?MTLmnIjjga7jgYrjgZfjgonjgZs=?=
List-Unsubscribe: <https://mail.example.jp/u/9f2c>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
"""


@staff_only
@require_safe
def gallery(request: StaffRequest) -> HttpResponse:
    """The page."""
    now = clock.now()
    context = {
        "empty_form": GalleryForm(prefix="fresh"),
        "wrong_form": GalleryForm(
            {"wrong-address": "taro@", "wrong-port": "99999"}, prefix="wrong"
        ),
        "hints": HINTS,
        "people": _PEOPLE,
        "states": _STATES,
        "icons": _ICONS,
        "source": _SOURCE,
        "secret": "hb_4f2a1c_EXAMPLE",
        "fields": ("氏名", "会社名", "会員番号"),
        "drafting": Steps(people=True, letter=True, check=False, send=False, result=False),
        "released": Steps(people=True, letter=True, check=True, send=True, result=False),
        "page": Page(items=_PEOPLE, total=1234, page=4, pages=25),
        "moment": datetime(2026, 11, 24, 5, 5, tzinfo=UTC),
        "until": (now + timedelta(minutes=4, seconds=12)).isoformat(),
    }
    return render(request, "console/gallery/index.html", context)
