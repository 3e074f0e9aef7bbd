"""Layers whose styles are more than a fill and an outline, as a map file and as SLD, and the scenes that show them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from layers import ROOT
from places import Places
from scenes import Scene, box_around, get_map

FONT = ROOT / "assets/fonts/NotoSans-Regular.ttf"
PICTURE = ROOT / "styles/mairie.svg"
# a label of 11 px as MapServer has it: points, and a halo by its width
LABEL = 'LABEL FONT "noto" TYPE TRUETYPE SIZE 8.25 COLOR 34 34 34 OUTLINECOLOR 255 255 255 OUTLINEWIDTH 3 %s END'
OUTLINE = "STYLE OUTLINECOLOR 120 110 130 WIDTH 0.7 END"


@dataclass
class StyledLayer:
    """A layer of one rule for each class: SLD's symbolizers and MapServer's classes beside each other."""

    name: str
    file: Path
    kind: str
    rules: list[str]
    classes: list[str]
    crs: str = "EPSG:2154"

    def mapfile(self, name: str) -> str:
        classes = "\n    ".join(f"CLASS {content} END" for content in self.classes)
        return f"""
  LAYER
    NAME "{name}" TYPE {self.kind} STATUS ON
    CONNECTIONTYPE FLATGEOBUF DATA "{self.file}"
    PROCESSING "CLOSE_CONNECTION=DEFER"
    PROJECTION "{self.crs}" END
    METADATA "wms_title" "{name}" END
    {classes}
  END"""

    def sld(self) -> str:
        rules = "".join(f"<se:Rule>{rule}</se:Rule>" for rule in self.rules)
        return f"""<?xml version="1.0" encoding="UTF-8"?>
<StyledLayerDescriptor xmlns="http://www.opengis.net/sld" xmlns:se="http://www.opengis.net/se"
    xmlns:ogc="http://www.opengis.net/ogc" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1.0">
  <NamedLayer><se:Name>{self.name}</se:Name><UserStyle><se:Name>{self.name}</se:Name>
    <se:FeatureTypeStyle>{rules}</se:FeatureTypeStyle>
  </UserStyle></NamedLayer>
</StyledLayerDescriptor>
"""


def parameters(**values: object) -> str:
    return "".join(
        f'<se:SvgParameter name="{name.replace("_", "-")}">{value}</se:SvgParameter>' for name, value in values.items()
    )


def stroke(colour: str, width: float, **more: object) -> str:
    return f"<se:Stroke>{parameters(stroke=colour, stroke_width=width, **more)}</se:Stroke>"


def fill(colour: str, **more: object) -> str:
    return f"<se:Fill>{parameters(fill=colour, **more)}</se:Fill>"


def polygon(*content: str) -> str:
    return f"<se:PolygonSymbolizer>{''.join(content)}</se:PolygonSymbolizer>"


def line(content: str) -> str:
    return f"<se:LineSymbolizer>{content}</se:LineSymbolizer>"


def point(symbol: str, size: float, more: str = "") -> str:
    graphic = f"<se:Graphic>{symbol}<se:Size>{size}</se:Size>{more}</se:Graphic>"
    return f"<se:PointSymbolizer>{graphic}</se:PointSymbolizer>"


def mark(name: str, *content: str) -> str:
    return f"<se:Mark><se:WellKnownName>{name}</se:WellKnownName>{''.join(content)}</se:Mark>"


def text(field: str, placement: str) -> str:
    return (
        f"<se:TextSymbolizer><se:Label><ogc:PropertyName>{field}</ogc:PropertyName></se:Label>"
        f"<se:Font>{parameters(font_family='Noto Sans', font_size=11)}</se:Font>"
        f"<se:LabelPlacement>{placement}</se:LabelPlacement>"
        f"<se:Halo><se:Radius>1.5</se:Radius>{fill('#ffffff')}</se:Halo>{fill('#222222')}</se:TextSymbolizer>"
    )


def beside(x: float, shift: float) -> str:
    anchor = f"<se:AnchorPoint><se:AnchorPointX>{x}</se:AnchorPointX><se:AnchorPointY>0.5</se:AnchorPointY></se:AnchorPoint>"
    moved = f"<se:Displacement><se:DisplacementX>{shift}</se:DisplacementX><se:DisplacementY>0</se:DisplacementY></se:Displacement>"
    return f"<se:PointPlacement>{anchor}{moved}</se:PointPlacement>"


def ramp() -> tuple[list[str], list[str]]:
    """Communes in six classes of their population."""
    colours = ["#ffffd4", "#fee391", "#fec44f", "#fe9929", "#d95f0e", "#993404"]
    breaks = [0, 100, 300, 1000, 3000, 10000, 10**9]
    rules, classes = [], []
    for colour, (least, most) in zip(colours, pairwise(breaks)):
        value = "<ogc:PropertyName>population</ogc:PropertyName><ogc:Literal>%d</ogc:Literal>"
        rules.append(
            f"<ogc:Filter><ogc:And><ogc:PropertyIsGreaterThanOrEqualTo>{value % least}</ogc:PropertyIsGreaterThanOrEqualTo>"
            f"<ogc:PropertyIsLessThan>{value % most}</ogc:PropertyIsLessThan></ogc:And></ogc:Filter>"
            + polygon(fill(colour), stroke("#786e82", 0.4))
        )
        rgb = " ".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
        classes.append(
            f"EXPRESSION ([population] >= {least} AND [population] < {most}) "
            f"STYLE COLOR {rgb} OUTLINECOLOR 120 110 130 WIDTH 0.4 END"
        )
    return rules, classes


def styled_layers(data: Path) -> list[StyledLayer]:
    communes, towns, roads = ROOT / "data/communes.fgb", ROOT / "data/villes.fgb", data / "roads_2154.fgb"
    plain = polygon(fill("#f2e9da"), stroke("#786e82", 0.7))
    plain_class = "STYLE COLOR 242 233 218 OUTLINECOLOR 120 110 130 WIDTH 0.7 END"
    round_ends = {"stroke_linecap": "round", "stroke_linejoin": "round"}
    hatch = mark("horline", stroke("#4a7ab5", 1))
    hatch = f"<se:Graphic>{hatch}<se:Size>8</se:Size><se:Rotation>45</se:Rotation></se:Graphic>"
    picture = (
        '<se:ExternalGraphic><se:OnlineResource xlink:type="simple" xlink:href="mairie.svg"/>'
        "<se:Format>image/svg+xml</se:Format></se:ExternalGraphic>"
    )
    return [
        StyledLayer(
            "countries",
            ROOT / "data/pays.fgb",
            "POLYGON",
            [polygon(fill("#e8e2c4"), stroke("#7a6f5d", 1))],
            ["STYLE COLOR 232 226 196 OUTLINECOLOR 122 111 93 WIDTH 1 END"],
            "EPSG:4326",
        ),
        StyledLayer(
            "dashed",
            roads,
            "LINE",
            [line(stroke("#b5654a", 2, stroke_dasharray="6 4"))],
            ["STYLE COLOR 181 101 74 WIDTH 2 PATTERN 6 4 END LINECAP BUTT END"],
        ),
        StyledLayer(
            "casing",
            roads,
            "LINE",
            [line(stroke("#7a4a3a", 6, **round_ends)) + line(stroke("#ffd080", 4, **round_ends))],
            [
                "STYLE COLOR 122 74 58 WIDTH 6 LINECAP ROUND LINEJOIN ROUND END "
                "STYLE COLOR 255 208 128 WIDTH 4 LINECAP ROUND LINEJOIN ROUND END"
            ],
        ),
        StyledLayer(
            "names",
            communes,
            "POLYGON",
            [plain + text("nom", beside(0.5, 0))],
            [f'{plain_class} TEXT "[nom]" {LABEL % "POSITION CC"}'],
        ),
        StyledLayer(
            "hatch",
            communes,
            "POLYGON",
            [polygon(f"<se:Fill><se:GraphicFill>{hatch}</se:GraphicFill></se:Fill>", stroke("#786e82", 0.7))],
            [f'STYLE SYMBOL "hatch" COLOR 74 122 181 SIZE 8 ANGLE 45 WIDTH 1 END {OUTLINE}'],
        ),
        StyledLayer(
            "translucent",
            communes,
            "POLYGON",
            [polygon(fill("#4a7ab5", fill_opacity=0.5), stroke("#786e82", 0.7, stroke_opacity=0.7))],
            ["STYLE COLOR 74 122 181 OPACITY 50 END STYLE OUTLINECOLOR 120 110 130 WIDTH 0.7 OPACITY 70 END"],
        ),
        StyledLayer("classes", communes, "POLYGON", *ramp()),
        StyledLayer("pictures", towns, "POINT", [point(picture, 16)], ['STYLE SYMBOL "picture" SIZE 16 END']),
        StyledLayer(
            "triangles",
            data / "sites_2154.fgb",
            "POINT",
            [point(mark("triangle", fill("#4a7ab5"), stroke("#ffffff", 0.7)), 9, "<se:Rotation>30</se:Rotation>")],
            ['STYLE SYMBOL "triangle" SIZE 9 ANGLE 330 COLOR 74 122 181 OUTLINECOLOR 255 255 255 WIDTH 0.7 END'],
        ),
        StyledLayer(
            "along",
            ROOT / "data/cours-eau.fgb",
            "LINE",
            [line(stroke("#4a7ab5", 1.5)) + text("nom", "<se:LinePlacement/>")],
            [f'STYLE COLOR 74 122 181 WIDTH 1.5 END TEXT "[nom]" {LABEL % "ANGLE FOLLOW"}'],
        ),
        StyledLayer(
            "towns",
            towns,
            "POINT",
            [point(mark("circle", fill("#aa3333")), 5) + text("nom", beside(0, 5))],
            [f'STYLE SYMBOL "disc" SIZE 5 COLOR 170 51 51 END TEXT "[nom]" {LABEL % "POSITION CR OFFSET 3 0"}'],
        ),
        StyledLayer("plain", communes, "POLYGON", [plain], [plain_class]),
    ]


def styled_scenes(places: Places) -> list[Scene]:
    """All in EPSG:2154, where communes lie."""

    def scene(layers: str, zoom: int, width: int = 800, height: int = 600, form: str = "png") -> Scene:
        def requests() -> Iterator[dict[str, str]]:
            for x, y in places.spread():
                box = box_around(x, y, "EPSG:2154", zoom, width, height)
                yield get_map(layers, "EPSG:2154", box, width, height) | {"FORMAT": f"image/{form}"}

        name = f"styled_{layers.replace(',', '+')}_{form}_{width}x{height}_z{zoom}"
        return Scene(name, "styled", requests, "picture" if form == "png" else form, width, height)

    zooms = {
        "countries": (5, 8, 12),
        "dashed": (11, 13),
        "casing": (11, 13),
        "names": (8, 10, 12),
        "hatch": (8, 10, 12),
        "translucent": (8, 10),
        "classes": (8, 10),
        "pictures": (7, 9),
        "triangles": (11, 13),
        "along": (8, 10),
        "towns": (8, 10),
    }
    scenes = [scene(layer, zoom) for layer, of_layer in zooms.items() for zoom in of_layer]
    return scenes + [
        scene("names", 11, 256, 256),
        scene("plain", 10, form="jpeg"),
        scene("plain", 10, 4096, 4096),
        scene("plain", 10, 4096, 4096, "jpeg"),
        scene("plain,casing,towns", 11),
    ]
