"""Term lists as people keep them: CSV and TSV of any spreadsheet, read into rows, each with what is wrong.

Columns: term, aliases (separated by |), pinyin, kind, active. A first line that names them may put them in
another order; without one they stand in this order, and all but the first may be missing.
"""

import codecs
import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from annotation.texts.pinyin import plain
from speech.text import normalise

COLUMNS = ("term", "aliases", "pinyin", "kind", "active")
LONGEST, LONGEST_PINYIN, MOST_ALIASES, MOST_ROWS = 120, 255, 20, 50_000

_NAMES = {
    "term": ("term", "text", "word", "詞", "詞彙", "術語", "名稱", "词", "词汇", "术语", "名称"),
    "aliases": ("aliases", "alias", "synonyms", "別名", "同義詞", "别名", "同义词"),
    "pinyin": ("pinyin", "拼音", "漢語拼音", "汉语拼音"),
    "kind": ("kind", "class", "type", "category", "類別", "種類", "分類", "类别", "种类", "分类"),
    "active": ("active", "使用", "使用中", "啟用", "启用"),
}
_KINDS = {
    "drug": ("drug", "drugs", "medicine", "藥", "藥物", "藥品", "藥名", "药", "药物", "药品"),
    "dose": ("dose", "dosage", "劑量", "剂量", "用量"),
    "diagnosis": ("diagnosis", "disease", "診斷", "疾病", "诊断"),
    "procedure": ("procedure", "處置", "手術", "檢查", "术式", "处置", "手术", "检查"),
    "anatomy": ("anatomy", "解剖", "部位", "解剖部位"),
    "other": ("other", "其他", "其它"),
}
_YES, _NO = ("yes", "y", "1", "true", "是", "on"), ("no", "n", "0", "false", "否", "off")
_COLUMN_OF = {name: column for column, names in _NAMES.items() for name in names}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names}


class TermFileError(Exception):
    """The whole file cannot be used: `encoding`, `empty`, `too_many`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class TermRow:
    """One line. `kind` and `active` are None where the file says nothing; `problem` is a code or ""."""

    line: int
    text: str
    aliases: tuple[str, ...] = ()
    pinyin: str = ""
    kind: str | None = None
    active: bool | None = None
    problem: str = ""


def read_term_file(content: bytes) -> tuple[list[TermRow], str]:
    """-> (rows, encoding that was noticed). Raises TermFileError."""
    text, encoding = decoded(content)
    cells = [(number, row) for number, row in _cells(text) if any(cell.strip() for cell in row)]
    columns: list[str | None] = list(COLUMNS)
    if cells and (named := _header(cells[0][1])):
        columns, cells = named, cells[1:]
    if not cells:
        raise TermFileError("empty")
    if len(cells) > MOST_ROWS:
        raise TermFileError("too_many")
    return [_row(number, columns, row) for number, row in cells], encoding


def decoded(content: bytes) -> tuple[str, str]:
    """UTF-8 with or without BOM, UTF-16 with one (a spreadsheet's "Unicode text"), else Big5 as Windows has
    it. Raises TermFileError where none fits."""
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if is_utf16 else ["utf-8-sig", "cp950", "big5hkscs"]:
        try:
            return content.decode(encoding).replace("\x00", ""), encoding
        except UnicodeDecodeError:
            continue
    raise TermFileError("encoding")


def write_term_file(rows: Iterable[TermRow]) -> str:
    """CSV that `read_term_file` reads to the same rows."""
    stream = io.StringIO()
    lines = csv.writer(stream)
    lines.writerow(COLUMNS)
    for row in rows:
        active = "" if row.active is None else _YES[0] if row.active else _NO[0]
        lines.writerow([row.text, "|".join(row.aliases), row.pinyin, row.kind or "", active])
    return stream.getvalue()


def aliases_from(cell: str) -> tuple[str, ...]:
    """Split at |, each kept once by what counts as the same text."""
    parts = [" ".join(part.split()) for part in cell.replace("｜", "|").split("|")]
    return tuple({normalise(part): part for part in reversed(parts) if normalise(part)}.values())[::-1]


def _cells(text: str) -> Iterable[tuple[int, list[str]]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = "\t" if "\t" in first else ";" if ";" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:  # a cell of more than 128 KiB: a quote that was never closed
            yield reader.line_num, ["\ufffd" * (LONGEST + 1)]
            continue
        yield reader.line_num, row


def _header(row: list[str]) -> list[str | None] | None:
    """The column that each cell names; None for a line that is no header."""
    named = [_COLUMN_OF.get(cell.strip().lower()) for cell in row]
    return named if "term" in named else None


def _row(line: int, columns: list[str | None], cells: list[str]) -> TermRow:
    values = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if name}
    text = " ".join(values.get("term", "").split())
    aliases = aliases_from(values.get("aliases", ""))
    sounds = " ".join(values.get("pinyin", "").split())
    kind_said, active_said = values.get("kind", "").lower(), values.get("active", "").lower()
    kind = _KIND_OF.get(kind_said)
    active = True if active_said in _YES else False if active_said in _NO else None
    problem = problem_of(text, aliases, sounds)
    if not problem and kind_said and kind is None:
        problem = "kind_unknown"
    return TermRow(line, text[:LONGEST], aliases, sounds, kind, active, problem)


def problem_of(text: str, aliases: tuple[str, ...], sounds: str) -> str:
    """What makes a term unusable, as a code; "" when nothing does."""
    if not text:
        return "no_text"
    if "\ufffd" in "".join((text, *aliases, sounds)):
        return "damaged"
    if not normalise(text):
        return "no_letters"
    # A spreadsheet would take it for a formula when the list is exported again.
    if any(form[0] in "=+-@" for form in (text, *aliases)):
        return "starts_with_sign"
    if any(len(form) > LONGEST for form in (text, *aliases)) or len(sounds) > LONGEST_PINYIN:
        return "too_long"
    if len(aliases) > MOST_ALIASES:
        return "too_many_aliases"
    if sounds and not plain(sounds):
        return "no_pinyin"
    return ""
