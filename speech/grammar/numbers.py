"""Numbers as people say them: Traditional Chinese of Taiwan and English words. Pure functions of ints."""

DIGITS = "零一二三四五六七八九"
_UNITS = ("", "十", "百", "千")
_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def chinese_integer(number: int) -> str:
    """0..99,999,999 as spoken: 12 十二, 105 一百零五, 250 兩百五十, 2000 兩千, 10050 一萬零五十."""
    if not 0 <= number < 100_000_000:
        raise ValueError(f"out of range: {number}")
    if number < 10_000:
        return _below_ten_thousand(number)
    high, low = divmod(number, 10_000)
    head = "兩萬" if high == 2 else _below_ten_thousand(high) + "萬"
    if low == 0:
        return head
    return head + ("零" if low < 1000 else "") + _below_ten_thousand(low, inside=True)


def _below_ten_thousand(number: int, inside: bool = False) -> str:
    """`inside` a larger number ten is 一十."""
    if number < 10:
        return DIGITS[number]
    if number < 20 and not inside:
        return "十" + (DIGITS[number - 10] if number > 10 else "")
    spoken, gap = "", False
    digits = str(number)
    for place, digit in zip(range(len(digits) - 1, -1, -1), map(int, digits), strict=True):
        if digit == 0:
            gap = True
            continue
        if gap:
            spoken += "零"
            gap = False
        # Taiwan says 兩百 and 兩千, but 二十 and 一百零二.
        spoken += ("兩" if digit == 2 and place >= 2 else DIGITS[digit]) + _UNITS[place]
    return spoken


def chinese_digits(digits: str) -> str:
    """'0912' -> 零九一二, for telephone, bed and chart numbers."""
    return "".join(DIGITS[int(digit)] for digit in digits)


def chinese_decimal(whole: int, fraction: str) -> str:
    """(3, '5') -> 三點五; the fraction is read digit by digit."""
    return f"{chinese_integer(whole)}點{chinese_digits(fraction)}"


def chinese_count(number: int) -> str:
    """Before a measure word: 兩 in place of 二."""
    return "兩" if number == 2 else chinese_integer(number)


def chinese_clock(hour: int, minute: int) -> str:
    """Twelve-hour clock without the part of the day: (7, 30) -> 七點半, (2, 5) -> 兩點零五分."""
    head = chinese_count(hour) + "點"
    if minute == 0:
        return head
    if minute == 30:
        return head + "半"
    return head + ("零" if minute < 10 else "") + chinese_integer(minute) + "分"


def chinese_date(month: int, day: int) -> str:
    """(4, 30) -> 四月三十號."""
    return f"{chinese_integer(month)}月{chinese_integer(day)}號"


def english_integer(number: int) -> str:
    """0..999,999: 'one hundred twenty three'."""
    if not 0 <= number < 1_000_000:
        raise ValueError(f"out of range: {number}")
    if number < 20:
        return _ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens - 2] + (f" {_ONES[ones]}" if ones else "")
    size, name = (1000, "thousand") if number >= 1000 else (100, "hundred")
    high, low = divmod(number, size)
    return f"{english_integer(high)} {name}" + (f" {english_integer(low)}" if low else "")


def english_clock(hour: int, minute: int) -> str:
    """(7, 5) -> 'seven oh five', (7, 0) -> "seven o'clock" without the apostrophe: 'seven oclock'."""
    if minute == 0:
        return f"{english_integer(hour)} oclock"
    return f"{english_integer(hour)} {'oh ' if minute < 10 else ''}{english_integer(minute)}"
