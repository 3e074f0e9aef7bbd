"""Which suites there are: coordinates, how they run, and where they err."""

from dataclasses import dataclass, field

GROUP = "org.opengis.cite"


@dataclass(frozen=True)
class Suite:
    """A test suite of OGC by its coordinates; the first version that can be had is run."""

    title: str
    artifact: str
    versions: tuple[str, ...]
    # what is fetched: a jar that runs by itself, or scripts and libraries for the console
    parts: tuple[str, ...]
    # the class of a TestNG suite that runs it; `None` for scripts (CTL)
    controller: str | None = None
    # arguments of the run; `{base}` is the address of the server
    arguments: dict[str, str] = field(default_factory=dict)
    # libraries that Java had within it up to version 8
    needs_old_java: bool = False
    # libraries whose services the jar of the suite has lost when it was put together
    beside: tuple[str, ...] = ()
    # whether the controller is told where results go; else they are in the user's home
    takes_folder: bool = True
    # which data are served: CITE's Blue Lake, or the simple features of GML, where they are few
    # some of them several times
    data: str = "simple-features"


SUITES = (
    Suite(
        "WMS 1.3.0",
        "ets-wms13",
        ("1.34", "1.33"),
        ("zip:ctl", "zip:deps"),
        arguments={
            "capabilities-url": "{base}/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION=1.3.0",
            "updatesequence": "auto",
            "basic": "basic",
            "queryable": "queryable",
            "recommended": "recommended",
        },
        data="blue-lake",
    ),
    Suite(
        "WMS 1.1.1",
        "ets-wms11",
        ("1.23", "1.22"),
        ("zip:ctl", "zip:deps"),
        arguments={
            "capabilities-url": "{base}/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION=1.1.1",
            "updatesequence": "auto",
            "profile": "queryable",
            "recommended": "true",
            "getfeatureinfo": "true",
            "feesconstraints": "true",
            "bboxconstraints": "EITHER",
        },
        data="blue-lake",
    ),
    Suite(
        "WMTS 1.0.0",
        "ets-wmts10",
        ("1.11", "1.10"),
        ("zip:ctl", "zip:deps"),
        arguments={"capabilities-url": "{base}/wmts?SERVICE=WMTS&REQUEST=GetCapabilities"},
        data="blue-lake",
    ),
    Suite(
        "WFS 2.0",
        "ets-wfs20",
        ("1.43", "1.42", "1.25"),
        ("jar:aio",),
        "org.opengis.cite.iso19142.TestNGController",
        {"wfs": "{base}/wfs?service=WFS&version=2.0.0&request=GetCapabilities"},
        needs_old_java=True,
    ),
    Suite(
        "WFS 1.1.0",
        "ets-wfs11",
        ("1.38", "1.37"),
        ("zip:ctl", "zip:deps"),
        arguments={
            "capabilities-url": "{base}/wfs?service=WFS&version=1.1.0&request=GetCapabilities",
            "profile": "sf-0",
            "wfs-transaction": "",
            "wfs-locking": "",
            "wfs-xlink": "",
        },
        data="simple-features-as-given",
    ),
    Suite(
        "GML 3.2",
        "ets-gml32",
        ("1.33", "1.32"),
        ("jar:aio",),
        "org.opengis.cite.iso19136.TestNGController",
        {"gml": "{base}/wfs?service=WFS&version=2.0.0&request=GetFeature&typeNames=(PrimitiveGeoFeature)(AggregateGeoFeature)(Entit%C3%A9G%C3%A9n%C3%A9rique)"},
        beside=("org.apache.sis.core:sis-referencing:1.3:jar",),
        takes_folder=False,
    ),
    Suite(
        "OGC API – Features 1.0, Parts 1 and 2",
        "ets-ogcapi-features10",
        ("1.9", "1.8", "1.7"),
        ("jar:aio",),
        "org.opengis.cite.ogcapifeatures10.TestNGController",
        {"iut": "{base}/", "noofcollections": "-1"},
    ),
    Suite(
        "OGC API – Tiles 1.0",
        "ets-ogcapi-tiles10",
        ("1.2", "1.1"),
        ("jar:aio",),
        "org.opengis.cite.ogcapitiles10.TestNGController",
        {
            "iut": "{base}/",
            "noofcollections": "-1",
            "tilematrixsetdefinitionuri": "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad",
            "urltemplatefortiles": "{base}/collections/PrimitiveGeoFeature/tiles/WebMercatorQuad/"
            "{{tileMatrix}}/{{tileRow}}/{{tileCol}}",
            "tilematrix": "2",
            "mintilerow": "0",
            "maxtilerow": "3",
            "mintilecol": "0",
            "maxtilecol": "3",
        },
    ),
)

# the engine that runs scripts (CTL)
CONSOLE = (
    "org.opengis.cite.teamengine:teamengine-console:6.0.0:zip:bin",
    "org.opengis.cite.teamengine:teamengine-console:6.0.0:zip:base",
)

NOT_RUN = {
    "WFS 1.0.0": "its suite writes its own data by transactions, which this server has not",
}


@dataclass(frozen=True)
class Fault:
    """A test that contradicts the standard: what it is about, and the clause."""

    artifact: str
    # the test's method, and words of its message
    method: str
    message: str
    reason: str


FAULTS = (
    Fault(
        "ets-wfs20",
        "intersects",
        '"srsName" is null',
        "looks for srsName on the members of a MultiPoint, MultiCurve or MultiSurface; they have that of the "
        "geometry around them (OGC 07-036 §9.10, §10.1.3.2)",
    ),
    Fault(
        "ets-wfs20",
        "propertyIs",
        "Unknown constructor function: {http://www.w3.org/2001/XMLSchema}anySimpleType",
        "takes any number of a type for its question, in the order of a hash, but has no name for xs:long, which is a "
        "built-in type (XML Schema Part 2 §3.3.16), and asks for xs:anySimpleType() where it happens to take one",
    ),
    Fault(
        "ets-wfs20",
        "joinWithIntersects",
        "Two feature properties are required, but received 0",
        "ends before it asks the server: it joins surfaces of two feature types, and where only one has them, as in its "
        "own data of level SF-0, names none (OGC 09-025r2 §7.9.2.5.3 joins any two types)",
    ),
)
