"""The same layers and styles twice: as a map file and as a folder with SLD."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass
class LayerSpec:
    name: str
    file: Path
    kind: str
    fill: str | None
    stroke: str
    width: float
    size: float = 0.0

    def mapfile(self, name: str) -> str:
        def rgb(colour: str) -> str:
            return " ".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))

        style = {
            "POLYGON": lambda: f"COLOR {rgb(self.fill)} OUTLINECOLOR {rgb(self.stroke)} WIDTH {self.width}",
            "LINE": lambda: f"COLOR {rgb(self.stroke)} WIDTH {self.width}",
            "POINT": lambda: (
                f'SYMBOL "disc" SIZE {self.size} COLOR {rgb(self.fill)} OUTLINECOLOR {rgb(self.stroke)} WIDTH {self.width}'
            ),
        }[self.kind]()
        return f"""
  LAYER
    NAME "{name}" TYPE {self.kind} STATUS ON
    CONNECTIONTYPE FLATGEOBUF DATA "{self.file}"
    PROCESSING "CLOSE_CONNECTION=DEFER"
    PROJECTION "EPSG:2154" END
    TEMPLATE "query" TOLERANCE 3 TOLERANCEUNITS pixels
    METADATA "wms_title" "{name}" "gml_include_items" "all" "wms_include_items" "all" END
    CLASS STYLE {style} END END
  END"""

    def sld(self) -> str:
        def parameter(name: str, value: object) -> str:
            return f'<se:SvgParameter name="{name}">{value}</se:SvgParameter>'

        fill = f"<se:Fill>{parameter('fill', self.fill)}</se:Fill>" if self.fill else ""
        stroke = f"<se:Stroke>{parameter('stroke', self.stroke)}{parameter('stroke-width', self.width)}</se:Stroke>"
        symbolizer = {
            "POLYGON": f"<se:PolygonSymbolizer>{fill}{stroke}</se:PolygonSymbolizer>",
            "LINE": f"<se:LineSymbolizer>{stroke}</se:LineSymbolizer>",
            "POINT": "<se:PointSymbolizer><se:Graphic><se:Mark><se:WellKnownName>circle</se:WellKnownName>"
            f"{fill}{stroke}</se:Mark><se:Size>{self.size}</se:Size></se:Graphic></se:PointSymbolizer>",
        }[self.kind]
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<StyledLayerDescriptor xmlns="http://www.opengis.net/sld" xmlns:se="http://www.opengis.net/se" version="1.1.0">
  <NamedLayer><se:Name>{self.name}</se:Name><UserStyle><se:Name>{self.name}</se:Name>
    <se:FeatureTypeStyle><se:Rule>{symbolizer}</se:Rule></se:FeatureTypeStyle>
  </UserStyle></NamedLayer>
</StyledLayerDescriptor>
"""


def layer_specs(data: Path) -> list[LayerSpec]:
    return [
        LayerSpec("communes", ROOT / "data/communes.fgb", "POLYGON", "#f2e9da", "#786e82", 0.7),
        LayerSpec("parcels", data / "parcels_2154.fgb", "POLYGON", "#e8e2c4", "#7a6f5d", 0.6),
        LayerSpec("roads", data / "roads_2154.fgb", "LINE", None, "#b5654a", 1.2),
        LayerSpec("sites", data / "sites_2154.fgb", "POINT", "#4a7ab5", "#ffffff", 0.7, 5.0),
    ]


def sites(specs: list[LayerSpec]) -> dict[str, list[tuple[str, LayerSpec]]]:
    """Three services: the maps', one of one layer and one of 200 layers."""
    communes = specs[0]
    return {
        "main": [(s.name, s) for s in specs],
        "one": [("communes", communes)],
        "many": [(f"communes-{number:03}", communes) for number in range(200)],
    }
