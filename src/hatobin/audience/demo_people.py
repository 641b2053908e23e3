"""A members' list as a Japanese office keeps it: 1,000 invented people, 12 duplicates, 9 broken rows.

The demo workspace starts with it and the acceptance tests send to it. Nobody in it can exist: given
names say "sample" or "example", domains are reserved (example.jp and the like, RFC 2606 and JPRS), and
the local parts at mobile carriers are longer than the 30 letters that carriers allow.
Always the same, byte for byte.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

HEADER = ("会員番号", "氏名", "フリガナ", "会社名", "メールアドレス", "敬称", "備考")
TITLE_ROWS: tuple[tuple[str, ...], ...] = (("2026年度 会員名簿（見本）",), ())
PEOPLE = 1_000

# 髙﨑濵德彅邉黑 are outside JIS X 0208: Shift_JIS and ISO-2022-JP in the strict sense lose them.
_FAMILIES = (
    ("髙﨑", "タカサキ", "takasaki"), ("山﨑", "ヤマサキ", "yamasaki"), ("濵田", "ハマダ", "hamada"),
    ("德永", "トクナガ", "tokunaga"), ("草彅", "クサナギ", "kusanagi"), ("渡邉", "ワタナベ", "watanabe"),
    ("渡邊", "ワタナベ", "watanabe"), ("齋藤", "サイトウ", "saito"), ("黑川", "クロカワ", "kurokawa"),
    ("瀨戸", "セト", "seto"), ("髙橋", "タカハシ", "takahashi"), ("佐藤", "サトウ", "sato"),
    ("鈴木", "スズキ", "suzuki"), ("田中", "タナカ", "tanaka"), ("伊藤", "イトウ", "ito"),
    ("山本", "ヤマモト", "yamamoto"), ("中村", "ナカムラ", "nakamura"), ("小林", "コバヤシ", "kobayashi"),
    ("加藤", "カトウ", "kato"), ("吉田", "ヨシダ", "yoshida"), ("山田", "ヤマダ", "yamada"),
    ("佐々木", "ササキ", "sasaki"), ("山口", "ヤマグチ", "yamaguchi"), ("松本", "マツモト", "matsumoto"),
    ("井上", "イノウエ", "inoue"), ("木村", "キムラ", "kimura"), ("清水", "シミズ", "shimizu"),
    ("森下", "モリシタ", "morishita"), ("池田", "イケダ", "ikeda"), ("阿部", "アベ", "abe"),
    ("橋本", "ハシモト", "hashimoto"), ("石川", "イシカワ", "ishikawa"), ("前田", "マエダ", "maeda"),
    ("藤田", "フジタ", "fujita"), ("小川", "オガワ", "ogawa"), ("岡田", "オカダ", "okada"),
    ("後藤", "ゴトウ", "goto"), ("長谷川", "ハセガワ", "hasegawa"), ("村上", "ムラカミ", "murakami"),
    ("ソムチャイ", "ソムチャイ", "somchai"),
)  # fmt: skip
_GIVEN = (
    ("見本太郎", "ミホンタロウ"), ("見本子", "ミホンコ"), ("例一", "レイイチ"), ("例美", "レイミ"),
    ("仮名夫", "カナオ"), ("仮名江", "カナエ"), ("架空斗", "カクト"), ("架空音", "カクネ"),
    ("試作", "シサク"), ("試乃", "シノ"), ("雛形", "ヒナガタ"), ("雛実", "ヒナミ"),
    ("標本", "ヒョウホン"), ("標奈", "シナ"), ("模擬也", "モギヤ"), ("模擬香", "モギカ"),
    ("無実在", "ムジツザイ"), ("空想", "クウソウ"), ("空夢", "ソラユメ"), ("想定", "ソウテイ"),
    ("便宜", "ベンギ"), ("何某", "ナニガシ"), ("鳩便", "ハトビン"), ("鳩見本", "ハトミホン"),
    ("ダミー", "ダミー"),
)  # fmt: skip
_COMPANIES = (
    "㈱架空商事", "株式会社見本製作所", "", "㈲ひながた工房", "架空市役所 総務課①", "例示大学",
    "（株）サンプル・システムズ", "一般社団法人 見本協会", "ﾐﾎﾝ電機㈱ №2工場", "合同会社Example",
)  # fmt: skip
_HONORIFICS = ("様", "様", "様", "先生", "様", "", "殿")
_REMARKS = (
    "", "", "①総会出席\r\n②懇親会欠席", "電話は午前中, メールはいつでも可", "", "通称\"鳩さん\"",
    "", "次回～来年, 要確認\r\n折り返し待ち", "", "=1+1 は式ではない", "ﾊﾝｶｸの備考",
)  # fmt: skip
_DOMAINS = ("example.jp", "example.com", "example.ne.jp", "example.co.jp", "mail.example.jp")
# Index of a person > local part and domain. 31 letters and more: no carrier ever issued them.
_CARRIER_ADDRESSES = {
    60: ("mihon..sonzai-shinai.kakuu-juusho.0060", "docomo.ne.jp"),
    180: ("mihon.sonzai-shinai.kakuu-juusho.0180.", "ezweb.ne.jp"),
    300: ("mihon...sonzai-shinai.kakuu-juusho.0300", "docomo.ne.jp"),
    420: (".mihon.sonzai-shinai.kakuu-juusho.0420", "docomo.ne.jp"),
    540: ("mihon.-.sonzai-shinai.kakuu-juusho.0540", "softbank.ne.jp"),
    660: ("mihon.sonzai-shinai..kakuu-juusho.0660.", "ezweb.ne.jp"),
}
_IDN = {75: "日本語.example.jp", 775: "日本語.example.jp"}
# Index of the person before whom it stands > (address, the reason it is refused for).
_BROKEN = {
    50: ("", "no-address"),
    150: ("mihon.example.jp", "no-at"),
    250: ("mihon@", "bad-domain"),
    350: ("@example.jp", "bad-local"),
    450: ("mihon..taro@example.com", "bad-local"),
    550: ("mihon-a@example.jp, mihon-b@example.jp", "several-addresses"),
    650: ("mihon@example.jp\r\nSubject: mihon", "control-character"),
    750: ("mihon@example..jp", "bad-domain"),
    850: ("mihon-shift@example.jp", "too-many-cells"),
}
# Index of the person before whom it stands > index of the earlier person whom it repeats.
_DUPLICATES = {90 + 75 * step: 10 + 60 * step for step in range(12)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """One valid row. ``row`` counts the header as row 1; ``address`` is as written in the file."""

    row: int
    number: str
    name: str
    kana: str
    company: str
    address: str
    honorific: str
    remark: str

    def cells(self) -> tuple[str, ...]:
        """In the order of HEADER."""
        return (
            self.number, self.name, self.kana, self.company, self.address, self.honorific, self.remark,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class OfficeSample:
    """The list and what is right. Row numbers count the header as row 1, without title rows.

    ``duplicate_of``: row > the earlier row with the same address. ``broken``: row > code of the reason.
    """

    header: tuple[str, ...] = HEADER
    rows: list[tuple[str, ...]] = field(default_factory=list)
    expected_valid: list[Person] = field(default_factory=list)
    duplicate_of: dict[int, int] = field(default_factory=dict)
    broken: dict[int, str] = field(default_factory=dict)

    @property
    def duplicate_rows(self) -> list[int]:
        """Rows that repeat an earlier address, in the file's order."""
        return list(self.duplicate_of)


def office_people() -> OfficeSample:
    """The sample: 1,021 rows under the header."""
    sample = OfficeSample()
    for index in range(PEOPLE):
        if index in _BROKEN:
            address, reason = _BROKEN[index]
            sample.broken[_next_row(sample)] = reason
            sample.rows.append(_broken_cells(index, address, reason))
        if index in _DUPLICATES:
            first = sample.expected_valid[_DUPLICATES[index]]
            sample.duplicate_of[_next_row(sample)] = first.row
            sample.rows.append(_repeated_cells(first, exact=len(sample.duplicate_of) % 2 == 0))
        person = _person(index, _next_row(sample))
        sample.expected_valid.append(person)
        sample.rows.append(person.cells())
    return sample


def as_csv(
    sample: OfficeSample,
    encoding: str = "cp932",
    delimiter: str = ",",
    title_rows: Sequence[Sequence[str]] = (),
    bom: bool = False,
) -> bytes:
    """The file as Excel saves it: CRLF, quotes where needed. Title rows push every row number down."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([*title_rows, sample.header, *sample.rows])
    return (("\ufeff" if bom else "") + text.getvalue()).encode(encoding)


def half_width(kana: str) -> str:
    """Full-width katakana as half-width: ガ becomes ｶﾞ."""
    return "".join(map(_half_letter, unicodedata.normalize("NFD", kana)))


def _half_letter(letter: str) -> str:
    return _HALF.get(letter, letter)


_HALF = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF61, 0xFFA0)}


def _next_row(sample: OfficeSample) -> int:
    return len(sample.rows) + 2


def _person(index: int, row: int) -> Person:
    family, family_kana, romaji = _FAMILIES[index % len(_FAMILIES)]
    given, given_kana = _GIVEN[index // len(_FAMILIES)]
    kana = f"{family_kana} {given_kana}"
    return Person(
        row=row,
        number=f"{index + 1:06}",
        name=f"{family}　{given}",
        kana=half_width(kana) if index % 3 == 0 else kana,
        company=_COMPANIES[index % len(_COMPANIES)],
        address=_address(index, romaji),
        honorific=_HONORIFICS[index % len(_HONORIFICS)],
        remark=_REMARKS[index % len(_REMARKS)],
    )


def _address(index: int, romaji: str) -> str:
    if index in _CARRIER_ADDRESSES:
        return "@".join(_CARRIER_ADDRESSES[index])
    local = f"{romaji}.{index + 1:04}"
    if index % 17 == 0:
        local += "+kaiho"
    if index % 29 == 0:
        local = local.capitalize()
    return f"{local}@{_IDN.get(index, _DOMAINS[index % len(_DOMAINS)])}"


def _broken_cells(index: int, address: str, reason: str) -> tuple[str, ...]:
    number, name = f"9{index:05}", f"壊行　その{index}"
    if (
        reason == "too-many-cells"
    ):  # an unquoted comma inside the name moved everything to the right
        return (number, *name.split("　"), "コワレギョウ", "㈱架空商事", address, "様", "列ずれ")
    return (number, name, "コワレギョウ", "㈱架空商事", address, "様", "")


def _repeated_cells(first: Person, *, exact: bool) -> tuple[str, ...]:
    if exact:
        return first.cells()
    cells = list(first.cells())
    cells[HEADER.index("メールアドレス")] = first.address.upper()
    cells[HEADER.index("備考")] = "二重登録"
    return tuple(cells)
