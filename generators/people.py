"""Names of people who do not exist, in the scripts that Ontario's hospitals meet.

Every family name begins with MARKER, in letters that each DICOM character set has, so that a person sees at once what it is.
English and French names come from Faker; the other scripts from short tables, since those need their transliteration too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from generators.charsets import encodable
from generators.errors import GeneratorError

MARKER = "SYNTHETIC"


@dataclass(frozen=True, slots=True)
class Script:
    """A script and the character sets (PS3.3 C.12.1.1.2) that can carry it, best first.

    `people` holds (family, given) pairs; where `groups` is 2 or 3 each of them has one text per component group, parted by `=`.
    """

    name: str
    character_sets: tuple[str, ...]
    people: tuple[tuple[str, str], ...] = ()
    locale: str = ""


_UNICODE = ("ISO_IR 192", "GB18030")
_LATIN = ("ISO_IR 192", "ISO_IR 100", "GB18030")

SCRIPTS: Mapping[str, Script] = {
    script.name: script
    for script in (
        Script("ascii", ("", *_LATIN), (("MacDonald", "Ann Mary"), ("O'Brien-Smith", "Lee"), ("Tremblay", "Jo"), ("Singh", "Aman"))),
        Script("english", _LATIN, locale="en_CA"),
        Script("french", _LATIN, locale="fr_CA"),
        Script(
            "latin",
            _LATIN,
            (("Gagné", "Zoé"), ("Müller", "Jürgen"), ("Nuñez", "Begoña"), ("Åkesson", "Björn"), ("Lévêque", "Françoise")),
        ),
        Script("latin-2", ("ISO_IR 192", "ISO_IR 101"), (("Dvořák", "Jiří"), ("Wałęsa", "Łucja"), ("Kovačević", "Željko"))),
        Script("turkish", ("ISO_IR 192", "ISO_IR 148"), (("Çağlar", "Gülşen"), ("Yıldız", "İbrahim"))),
        Script("vietnamese", ("ISO_IR 192",), (("Nguyễn", "Thị Hạnh"), ("Trần", "Văn Đức"))),
        Script("inuktitut", _UNICODE, (("ᐊᒪᕈᖅ", "ᓯᓚ"), ("ᓇᓄᖅ", "ᐃᓄᒃ"), ("ᑐᒃᑐ", "ᐊᓪᓚ"))),
        Script("cree", _UNICODE, (("ᒪᐢᑿ", "ᐊᑖᐦᑲᐧ"), ("ᐊᓯᓂᐩ", "ᓀᐦᐃᔭᐤ"))),
        Script(
            "chinese",
            ("ISO_IR 192", "GB18030", "GBK"),
            (("Wang=王", "XiaoDong=小东"), ("Li=李", "Na=娜"), ("Zhang=张", "Wei=伟")),
        ),
        Script(
            "japanese",
            ("ISO_IR 192", "\\ISO 2022 IR 87", "ISO 2022 IR 13\\ISO 2022 IR 87", "GB18030"),
            (
                ("Yamada=山田=やまだ", "Tarou=太郎=たろう"),
                ("Sato=佐藤=さとう", "Hanako=花子=はなこ"),
                ("Suzuki=鈴木=すずき", "Ken=健=けん"),
            ),
        ),
        Script(
            "korean",
            ("ISO_IR 192", "\\ISO 2022 IR 149", "GB18030"),
            (("Hong=洪=홍", "Gildong=吉洞=길동"), ("Kim=金=김", "Huijung=喜中=희중"), ("Lee=李=이", "Minji=敏智=민지")),
        ),
        Script("arabic", ("ISO_IR 192", "ISO_IR 127"), (("قباني", "لنزار"), ("حداد", "مريم"), ("الأحمد", "يوسف"))),
        Script("hebrew", ("ISO_IR 192", "ISO_IR 138"), (("שרון", "דבורה"), ("כהן", "נועם"), ("לוי", "תמר"))),
        Script("cyrillic", ("ISO_IR 192", "ISO_IR 144"), (("Люкceмбypг", "Анна"), ("Шевченко", "Тарас"), ("Ђорђевић", "Љиљана"))),
        Script("greek", ("ISO_IR 192", "ISO_IR 126"), (("Διονυσίου", "Ελένη"), ("Παπαδόπουλος", "Γιώργος"))),
        Script("thai", ("ISO_IR 192", "ISO_IR 166"), (("ใจดี", "สมชาย"), ("ศรีสุข", "มาลี"))),
        Script("devanagari", _UNICODE, (("शर्मा", "आरती"), ("पाटील", "राजेश"))),
        Script("tamil", _UNICODE, (("முருகன்", "கவிதா"), ("செல்வம்", "அருண்"))),
        Script("gurmukhi", _UNICODE, (("ਸਿੰਘ", "ਹਰਪ੍ਰੀਤ"), ("ਕੌਰ", "ਗੁਰਲੀਨ"))),
    )
}


def person_name(script: str, random: Random) -> str:
    """Give a marked PN in this script, with as many component groups as the script has."""
    if script not in SCRIPTS:
        raise GeneratorError(f"no names in script {script!r}", remedy=f"choose one of {', '.join(SCRIPTS)}")
    family, given = _pick(SCRIPTS[script], random)
    groups = [f"{a}^{b}" for a, b in zip(family.split("="), given.split("="), strict=True)]
    return "=".join((f"{MARKER}-{groups[0]}", *groups[1:]))


def script_for(character_set: str, random: Random) -> str:
    """Choose a script for a patient of whom nothing is asked: a name of Ontario where the character set can carry it."""
    likely = ("english", "french") if encodable("éèêëçîôùÉÀâ", character_set) else ("ascii",)
    return random.choice(likely)


def _pick(script: Script, random: Random) -> tuple[str, str]:
    if not script.locale:
        return random.choice(script.people)
    faker = _faker(script.locale)
    faker.seed_instance(random.getrandbits(64))
    return faker.last_name(), faker.first_name()


def physician(random: Random) -> str:
    """Give the marked PN of a physician, in ASCII."""
    family, given = random.choice(SCRIPTS["ascii"].people)
    return f"{MARKER}-{family}^{given}^^Dr"


@cache
def _faker(locale: str) -> Any:
    from faker import Faker  # slow to import

    return Faker(locale, use_weighting=False)
