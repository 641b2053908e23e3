"""Shaping in plain words: values, reply rules, and why a lane is slow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from hatobin.delivery.rules.lane_words import CONNECTED
from hatobin.delivery.rules.shaping.document import Rule
from hatobin.delivery.rules.shaping.problems import Origin
from hatobin.delivery.rules.shaping.retry import RetrySchedule
from hatobin.delivery.rules.shaping.values import Rate, Trigger
from hatobin.delivery.rules.troubles import trouble_text

VALUE_LABELS: dict[str, Promise] = {
    "connections": _("Connections at a time"),
    "rate": _("Speed"),
    "messages_per_connection": _("Letters over one connection"),
    "tls": _("Encryption"),
    "slow_start": _("Connections at the beginning"),
    "slow_start_step": _("More after each round that went well"),
    "backoff": _("Pause when no connection can be made"),
    "connect_timeout": _("Waiting for a connection"),
    "greeting_timeout": _("Waiting for the greeting"),
    "command_timeout": _("Waiting for each answer"),
    "data_timeout": _("Waiting for leave to send the text"),
    "dot_timeout": _("Waiting for the last answer"),
    "retry": _("Tried again after"),
    "expiry": _("Given up after, unless the letter says otherwise"),
}
# What the shipped rules are about, in the reader's language; other rules say it themselves.
_MEANINGS: dict[str, Promise] = {
    "google-unusual-rate": _("Gmail finds the number of letters unusual"),
    "google-rate": _("Gmail wants letters more slowly"),
    "google-mailbox-rate": _("This mailbox gets too much mail at the moment"),
    "yahoo-complaints": _("Yahoo puts letters off because of complaints or unexpected volume"),
    "yahoo-throttle": _("Yahoo wants letters more slowly"),
    "microsoft-rp": _("Microsoft limits this sender because of its reputation"),
    "microsoft-rate": _("Microsoft limits this sender for a while"),
    "microsoft-busy": _("Microsoft's servers are busy"),
    "apple-throttle": _("iCloud wants letters more slowly"),
    "ses-rate": _("Amazon SES is asked for more letters a second than it allows"),
    "ses-daily-quota": _("The daily quota at Amazon SES is used up"),
    "yahoo-japan-throttle": _("Yahoo! JAPAN wants letters more slowly"),
    "docomo-unknown-users": _("Many unknown addresses: docomo blocks networks that go on"),
    "docomo-throttle": _("docomo wants letters more slowly"),
    "au-throttle": _("au wants letters more slowly"),
    "softbank-throttle": _("SoftBank wants letters more slowly"),
    "greylisting": _("The server puts off the first letter of every sender"),
    "too-many-connections": _("The server wants fewer connections"),
    "rate-limited": _("The server wants letters more slowly"),
}
_LAYERS: dict[str, Promise] = {
    "shipped": _("Standard values"),
    "installation": _("The installation"),
    "workspace": _("This workspace"),
}
_WHY: dict[str, Promise] = {
    "no-lease": _("Other senders use all connections that this destination allows at the moment."),
    "suspended": _("Paused: %(meaning)s (%(said)s)."),
    "dead": _("Paused: no connection can be made. %(trouble)s"),
    "slowed": _("Slowed to 1/%(part)s: %(meaning)s (%(said)s)."),
    "rate-set": _("Slowed: %(meaning)s (%(said)s)."),
    "one-by-one": _("Connections come back one by one: %(meaning)s (%(said)s)."),
    "after-failures": _("Fewer connections, because some could not be made. %(trouble)s"),
    "rate": _("As fast as this destination is sent to: %(speed)s."),
    "warming-up": _("Beginning with few connections: %(connections)s of %(most)s."),
    "connections": _("All %(most)s connections are in use."),
}
WHY_CODES = frozenset(_WHY)


def duration_words(seconds: float) -> str:
    """``10 minutes``, in the largest unit that fits exactly."""
    if seconds >= 259_200 and seconds % 86400 == 0:
        return _count(
            ngettext("%(count)s day", "%(count)s days", int(seconds // 86400)), seconds / 86400
        )
    if seconds >= 3600 and seconds % 3600 == 0:
        return _count(
            ngettext("%(count)s hour", "%(count)s hours", int(seconds // 3600)), seconds / 3600
        )
    if seconds >= 60 and seconds % 60 == 0:
        return _count(
            ngettext("%(count)s minute", "%(count)s minutes", int(seconds // 60)), seconds / 60
        )
    return _count(
        ngettext("%(count)s second", "%(count)s seconds", 1 if seconds == 1 else 2), seconds
    )


def rate_words(rate: Rate | None) -> str:
    """``5 letters a second``."""
    if rate is None:
        return gettext("No limit")
    unit = {
        1: ngettext("%(count)s letter a second", "%(count)s letters a second", rate.count),
        60: ngettext("%(count)s letter a minute", "%(count)s letters a minute", rate.count),
        3600: ngettext("%(count)s letter an hour", "%(count)s letters an hour", rate.count),
    }.get(rate.seconds, ngettext("%(count)s letter a day", "%(count)s letters a day", rate.count))
    return unit % {"count": f"{rate.count:,}"}


def value_words(name: str, value: object) -> str:
    """A value of a policy as a person says it."""
    if value is None or isinstance(value, Rate):
        return rate_words(value)
    if isinstance(value, RetrySchedule):
        waits = _listed(value.waits)
        then = duration_words(value.then)
        return gettext("%(waits)s; from then on every %(then)s") % {"waits": waits, "then": then}
    if isinstance(value, tuple):
        return _listed(value)
    if name == "tls":
        return gettext("required") if value == "required" else gettext("where the server offers it")
    return duration_words(value) if isinstance(value, float) else f"{value:,}"


def rule_meaning(rule: Rule) -> str:
    """What the server says, in a few words."""
    if rule.origin.layer == "shipped" and rule.name in _MEANINGS:
        return str(_MEANINGS[rule.name])
    return rule.meaning or rule.name


def meaning_of(name: str, rules: Mapping[str, Rule]) -> str:
    """The same by the rule's name, which may be gone by now."""
    return rule_meaning(rules[name]) if name in rules else name


def trigger_words(trigger: Trigger) -> str:
    """How often it must come."""
    if trigger.count == 1:
        return gettext("the first time")
    time = duration_words(trigger.seconds)
    return gettext("%(count)s times within %(time)s") % {"count": trigger.count, "time": time}


def action_words(rule: Rule) -> list[str]:
    """What is done then, each a phrase."""
    time = duration_words(rule.duration) if rule.duration else ""
    phrases = {
        "suspend": _("pause for %(time)s"),
        "slow": _("half the speed and half the connections for %(time)s"),
        "one-connection": _("begin again with one connection, then one more each minute"),
        "set-rate": _("%(rate)s for %(time)s"),
        "defer-letter": _("only this letter waits, at least %(time)s")
        if time
        else _("only this letter waits"),
    }
    params = {"time": time, "rate": rate_words(rule.rate)}
    return [str(phrases[action]) % params for action in rule.actions]


def origin_words(origin: Origin) -> str:
    """Who wrote a value, and on which line."""
    who = _LAYERS[origin.layer]
    return gettext("%(who)s, line %(line)s") % {"who": who, "line": origin.line}


def why_text(code: str, params: Mapping[str, object], rules: Mapping[str, Rule]) -> str:
    """Why a lane is slow (``rules.shaping.Why``): one sentence. Until when is told beside it."""
    rate = params.get("per_second")
    kind = str(params.get("kind", ""))
    if code == "dead" and kind in CONNECTED:
        return gettext("Paused. %(trouble)s") % {"trouble": trouble_text(kind)}
    filled = {
        **params,
        "meaning": meaning_of(str(params.get("rule", "")), rules),
        "trouble": trouble_text(kind),
        "speed": gettext("%(count)s a second") % {"count": f"{rate:.3g}"} if rate else "",
    }
    return str(_WHY[code]) % filled


def _listed(waits: Iterable[float]) -> str:
    comma = "、" if get_language() == "ja" else ", "
    return comma.join(map(duration_words, waits))


def _count(text: str, number: float) -> str:
    return text % {"count": f"{number:g}"}
