"""The footer that the law wants, in the letter's language. The product adds it; nobody can remove it.

特定電子メール法施行規則 article 7 and 8: sender's name, and the refusal statement directly next to the
address or link by which one refuses; postal address and complaint contact anywhere in the letter.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from hatobin.content.letters import LegalFooter

UNSUBSCRIBE = "{{ hatobin.unsubscribe_url }}"

_WORDS = {
    "ja": {
        "marketing": "今後このようなメールの配信を希望されない場合は、次のページから配信を停止できます。",
        "notice": "今後のお知らせメールの配信を希望されない場合は、次のページから配信を停止できます。",
        "link": "配信を停止する",
        "address": "所在地：",
        "contact": "お問い合わせ：",
        "sender": "送信者：",
    },
    "en": {
        "marketing": "If you no longer wish to receive such mails, you can unsubscribe on this page:",
        "notice": "If you no longer wish to receive these notices, you can unsubscribe on this page:",
        "link": "Unsubscribe",
        "address": "Address: ",
        "contact": "Contact: ",
        "sender": "Sender: ",
    },
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownFooter:
    """The footer for a screen: (label with its colon, value) of each fact, the refusal statement, the link's words."""

    facts: tuple[tuple[str, str], ...]
    statement: str
    link: str


def shown_footer(footer: LegalFooter, *, kind: str, language: str) -> ShownFooter:
    """What will stand under the letter, to look at while it is written."""
    words = _WORDS.get(language, _WORDS["en"])
    return ShownFooter(
        facts=(
            (words["sender"], footer.organisation),
            (words["address"], footer.postal_address),
            (words["contact"], footer.contact),
        ),
        statement=words[kind],
        link=words["link"],
    )


def text_footer(footer: LegalFooter, *, kind: str, language: str) -> str:
    """For the plain part; the statement stands on the line above the link."""
    words = _WORDS.get(language, _WORDS["en"])
    return "\n".join(
        (
            "",
            "-" * 40,
            f"{words['sender']}{_inert(footer.organisation)}",
            f"{words['address']}{_inert(footer.postal_address)}",
            f"{words['contact']}{_inert(footer.contact)}",
            "",
            words[kind],
            UNSUBSCRIBE,
            "",
        )
    )


def html_footer(footer: LegalFooter, *, kind: str, language: str) -> str:
    """For the HTML part; the link stands directly behind the statement."""
    words = _WORDS.get(language, _WORDS["en"])
    facts = "<br>".join(
        f"{words[label]}{escape(_inert(value))}"
        for label, value in (
            ("sender", footer.organisation),
            ("address", footer.postal_address),
            ("contact", footer.contact),
        )
    )
    style = "margin:0 0 12px;font-size:13px;line-height:1.7;color:#595959"
    return (
        f'<hr style="border:0;border-top:1px solid #d9d9d9;margin:40px 0 20px">'
        f'<p style="{style}">{facts}</p>'
        f'<p style="{style}">{words[kind]}<br>'
        f'<a href="{UNSUBSCRIBE}" style="color:#595959">{words["link"]}</a></p>'
    )


def _inert(text: str) -> str:
    """Braces in somebody's postal address are no merge tag."""
    return text.replace("{", "｛").replace("}", "｝")
