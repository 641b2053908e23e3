"""Names of columns: made unique, and understood."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from hatobin.audience.sheets.shapes import Guess

# The first that fits decides, so the narrow ones come first: 会社メールアドレス is an address,
# 会社名フリガナ a reading, 郵便番号 no phone number, 住所 and 性別 nothing of all this.
_RULES: tuple[tuple[Guess, str], ...] = (
    (
        "other",
        r"メルマガ|メールマガジン|メール便|配信|希望|件名|mailing|magazine|住所|url|ホームページ",
    ),
    ("address", r"メール|mail|メアド|メルアド|アドレス|^e?-?mail$|^address$|^宛先$"),
    ("kana", r"フリガナ|ふりがな|カナ|かな|ヨミ|よみ|読み|kana|furigana|ルビ|^セイ$|^メイ$"),
    ("honorific", r"敬称|honorific|^title$|^salutation$"),
    ("postcode", r"郵便|〒|^zip|postal ?code|post ?code"),
    (
        "other",
        r"fax|ファ[ック]+ス|番号$(?<!電話番号)(?<!携帯番号)|コード|部署|部門|役職|^部|^課|^id$|code|^no\.?$",
    ),
    ("phone", r"電話|^tel|phone|携帯|mobile"),
    (
        "company",
        r"会社|企業|法人|団体|勤務先|所属|組織|社名|店名|学校|company|organi[sz]ation|employer",
    ),
    ("family-name", r"^(姓|氏|苗字|名字|last ?name|family ?name|surname)$|\(姓\)$"),
    ("given-name", r"^(名|first ?name|given ?name|forename)$|\(名\)$"),
    ("name", r"氏名|姓名|名前|ネーム|芳名|宛名|^(full ?)?name$|担当者?|参加者|受講者"),
    ("name", r"(会員|顧客|お客様|利用者|生徒|代表者|契約者|申込者|個人|保護者)名"),
)
_LOOKED_AT = 100  # characters; no label is longer, and a cell may be
_COMPILED = tuple((guess, re.compile(pattern)) for guess, pattern in _RULES)


# The person's own address and nothing beside it; and the address of somebody beside the person.
_PLAIN_ADDRESS = re.compile(
    r"(お客様|顧客|会員|本人|受信者|読者)?の?(e?-?(メール|mail)([ -]?(アドレス|address(es)?))?|メアド|メルアド|"
    r"アドレス|address|宛先|to)"
)
_SOMEBODY_ELSE = re.compile(
    r"担当|紹介|営業|上司|代理|作成|登録者|送信|差出|発信|返信|確認者|承認|(?<![a-z])(cc|bcc|from|sender|staff|"
    r"owner|manager|referrer|introducer|reply)(?![a-z])"
)


def meaning_of(label: str) -> Guess | None:
    """What a label says its column holds; None when it says nothing known."""
    folded = _folded(label)
    if not folded:
        return None
    return next((guess for guess, pattern in _COMPILED if pattern.search(folded)), None)


def is_plain_address_label(label: str) -> bool:
    """``メールアドレス``, ``E-mail``: the person's address, without a word beside it."""
    return _PLAIN_ADDRESS.fullmatch(_folded(label)) is not None


def names_somebody_else(label: str) -> bool:
    """``担当者メール``, ``紹介者アドレス``: of a person beside the one whom the row is about."""
    return _SOMEBODY_ELSE.search(_folded(label)) is not None


def _folded(label: str) -> str:
    """The label without width, case, spaces and signs that only decorate it."""
    folded = unicodedata.normalize("NFKC", label[:_LOOKED_AT]).casefold().replace("_", " ")
    folded = " ".join(folded.split()).strip(" *※:")
    folded = re.sub(r"\((必須|任意|required)\)|[※*].*$", "", folded).strip()
    if not re.search("[a-z]", folded):
        folded = folded.replace(" ", "")  # 氏　名 is spaced out to look even
    return folded


def unique_labels(labels: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    """Labels that can be told apart, and whether any had to be renamed. An empty one becomes 列C."""
    taken: set[str] = set()
    found: list[str] = []
    renamed = False
    for index, label in enumerate(labels):
        wanted = " ".join(label.split()) or f"列{column_letters(index)}"
        free, count = wanted, 1
        while free in taken:
            count += 1
            free = f"{wanted} {count}"
        renamed = renamed or free != wanted
        taken.add(free)
        found.append(free)
    return tuple(found), renamed


def column_letters(index: int) -> str:
    """The letters over a column: 0 is A, 25 is Z, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
