"""Makes the Parquet files beside it, as others write them: python make.py

Made with pyarrow 26.0, GeoPandas 1.2, DuckDB 2.0 and fastparquet 2026.9. All but `types` and
`plain` hold one table, which tests/import/parquet.rs knows row by row.
"""
import datetime, decimal, json, os, uuid
import duckdb, fastparquet, geopandas, pandas, shapely
import pyarrow as pa
import pyarrow.parquet as pq

os.chdir(os.path.dirname(os.path.abspath(__file__)))
N = 300


def null(i, digit, value):
    return None if i % 10 == digit else value


points = [None if i == 5 else shapely.Point(840000 + i, 6519000.5 + i / 2) for i in range(N)]
epoch = datetime.date(1970, 1, 1)
noon = datetime.datetime(2024, 2, 29, 12, 34, 56, 250000, tzinfo=datetime.timezone.utc)
table = pa.table({
    "nom": pa.array([null(i, 3, f"Saint-Étienne {i % 7}") for i in range(N)], pa.string()),
    "code": pa.array([f"{i:05d}" for i in range(N)], pa.string()),
    "compte": pa.array([null(i, 4, i - 100) for i in range(N)], pa.int32()),
    "grand": pa.array([i * 10**12 for i in range(N)], pa.int64()),
    "mesure": pa.array([null(i, 6, i / 4) for i in range(N)], pa.float64()),
    "vrai": pa.array([null(i, 7, i % 3 == 0) for i in range(N)], pa.bool_()),
    "jour": pa.array([null(i, 8, epoch + datetime.timedelta(days=100 * i)) for i in range(N)], pa.date32()),
    "moment": pa.array([noon + datetime.timedelta(seconds=i) for i in range(N)], pa.timestamp("us", "UTC")),
    "octets": pa.array([null(i, 9, bytes([i % 256, 0])) for i in range(N)], pa.binary()),
})
lambert = geopandas.GeoSeries([], crs="EPSG:2154").crs.to_json_dict()


def geo(**more):
    column = {"encoding": "WKB", "geometry_types": ["Point"], **more}
    geo = {"version": "1.0.0", "primary_column": "geom", "columns": {"geom": column}}
    return {"geo": json.dumps(geo)}


wkb = pa.array([p and p.wkb for p in points], pa.binary())
with_wkb = table.append_column("geom", wkb)
described = with_wkb.replace_schema_metadata(geo(crs=lambert))

frame = geopandas.GeoDataFrame(table.to_pandas(types_mapper=pandas.ArrowDtype), geometry=points, crs="EPSG:2154")
frame.to_parquet("geopandas.parquet", schema_version="1.1.0", write_covering_bbox=True, row_group_size=128)

pq.write_table(described, "v1-gzip.parquet", compression="gzip", data_page_version="1.0",
               row_group_size=200, data_page_size=400, write_batch_size=50, write_page_checksum=True)
pq.write_table(described, "v2-zstd.parquet", compression="zstd", data_page_version="2.0",
               data_page_size=400, write_batch_size=50, use_dictionary=False, column_encoding={
                   "nom": "DELTA_LENGTH_BYTE_ARRAY", "code": "DELTA_BYTE_ARRAY", "geom": "PLAIN",
                   "compte": "DELTA_BINARY_PACKED", "grand": "DELTA_BINARY_PACKED",
                   "mesure": "BYTE_STREAM_SPLIT", "vrai": "RLE", "jour": "BYTE_STREAM_SPLIT",
                   "moment": "DELTA_BINARY_PACKED", "octets": "DELTA_BYTE_ARRAY"})
pq.write_table(described, "v2-none.parquet", compression="none", data_page_version="2.0")
pq.write_table(described, "brotli.parquet", compression="brotli", version="1.0")

duck = duckdb.connect()
duck.register("described", with_wkb)
# without its spatial extension DuckDB has no CRS: the file says nothing of it
duck.execute("COPY (SELECT * EXCLUDE geom, ST_GeomFromWKB(geom) AS geom FROM described) TO 'duckdb.parquet'"
             " (FORMAT parquet, COMPRESSION snappy)")

old = with_wkb.to_pandas()
old["jour"] = pandas.to_datetime(old["jour"]).astype("datetime64[ns]")
old["compte"] = old["compte"].astype("Int32")
old["moment"] = old["moment"].astype("datetime64[ns, UTC]")
fastparquet.write("fastparquet.parquet", old, compression="GZIP", times="int96", row_group_offsets=150,
                  object_encoding={"nom": "utf8", "code": "utf8", "octets": "bytes", "geom": "bytes", "vrai": "bool"},
                  custom_metadata=geo(crs=lambert), write_index=False)

pq.write_table(with_wkb.slice(0, 2), "plain.parquet")

types = pa.table({
    "u8": pa.array([255, None], pa.uint8()),
    "u64": pa.array([2**63, 1], pa.uint64()),
    "f16": pa.array([1.5, -2.0], pa.float16()),
    "f32": pa.array([0.5, None], pa.float32()),
    "prix": pa.array([decimal.Decimal("12.34"), decimal.Decimal("-0.10")], pa.decimal128(30, 2)),
    "heure": pa.array([datetime.time(1, 2, 3), None], pa.time64("us")),
    "local": pa.array([datetime.datetime(2024, 2, 29, 1), None], pa.timestamp("ns")),
    "uuid": pa.array([uuid.UUID(int=1).bytes, None], pa.uuid()),
    "json": pa.array(['{"a":1}', None], pa.json_()),
    "rien": pa.array([None, None], pa.null()),
    "liste": pa.array([[1, 2], None], pa.list_(pa.int32())),
    "groupe": pa.array([{"a": {"b": 1, "c": [2]}}, None]),
    "autre": pa.array([shapely.Point(1, 2).wkb, None], pa.binary()),
    "fin": pa.array(["a", "b"]).dictionary_encode(),
    "geom": pa.array([shapely.Point(4.5, 45.5, 100).wkb, shapely.LineString([(4, 45), (5, 46)]).wkb], pa.binary()),
})
columns = json.loads(geo()["geo"])
columns["columns"]["autre"] = {"encoding": "WKB", "geometry_types": []}
pq.write_table(types.replace_schema_metadata({"geo": json.dumps(columns)}), "types.parquet")
