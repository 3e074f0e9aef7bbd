use super::*;

const FILE: &str = "/collections/communes/data.fgb";

fn source() -> Vec<u8> {
    std::fs::read(repository().join("data/communes.fgb")).unwrap()
}

fn ranged(range: &str, more: &[(&str, &str)]) -> Reply {
    let mut headers = vec![("Range", range)];
    headers.extend_from_slice(more);
    server().ask("GET", FILE, &headers, b"")
}

#[test]
fn clients_g1_head_tells_the_size_and_that_ranges_are_served() {
    let size = source().len().to_string();
    for path in [FILE, "/collections/communes/data.fgb?lang=fr"] {
        let head = server().ask("HEAD", path, &[], b"");
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), size);
        assert_eq!(head.header("accept-ranges"), "bytes");
        assert_eq!(head.header("content-encoding"), "");
        assert!(head.header("etag").starts_with('"'));
    }
    let whole = server().ask("GET", FILE, &[("Accept-Encoding", "gzip")], b"");
    assert_eq!(whole.header("content-type"), "application/flatgeobuf");
    assert_eq!(whole.header("content-length"), size);
    assert!(whole.body == source());
}

#[test]
fn rfc9110_14_a_range_is_a_part_and_what_is_outside_is_told() {
    let all = source();
    let end = all.len() - 1;
    for (range, from, to) in [
        ("bytes=0-16383".to_owned(), 0, 16_383),
        ("bytes=7968-1097070".to_owned(), 7968, 1_097_070),
        (format!("bytes={}-", end - 5), end - 5, end),
        ("bytes=-20".to_owned(), end - 19, end),
        (format!("bytes=10-{}", all.len() * 3), 10, end),
    ] {
        let part = ranged(&range, &[]);
        assert_eq!(part.status, 206, "{range}");
        assert!(part.body == all[from..=to], "{range}");
        let told = format!("bytes {from}-{to}/{}", all.len());
        assert_eq!(part.header("content-range"), told);
        assert_eq!(part.header("content-length"), (to - from + 1).to_string());
    }
    let outside = ranged(&format!("bytes={}-", all.len()), &[]);
    assert_eq!(outside.status, 416);
    assert_eq!(
        outside.header("content-range"),
        format!("bytes */{}", all.len())
    );
    assert_eq!(ranged("bytes=0-1,5-6", &[]).status, 200);
    let head = server().ask("HEAD", FILE, &[("Range", "bytes=0-99")], b"");
    assert_eq!((head.status, head.body.len()), (206, 0));
    assert_eq!(head.header("content-length"), "100");
}

#[test]
fn rfc9110_13_a_part_of_another_state_is_not_sent() {
    let tag = server().get(FILE).header("etag").to_owned();
    assert_eq!(ranged("bytes=0-9", &[("If-Range", &tag)]).status, 206);
    for other in ["\"other\"", "W/\"x\"", "Sun, 22 Nov 2026 10:00:00 GMT"] {
        assert_eq!(
            ranged("bytes=0-9", &[("If-Range", other)]).status,
            200,
            "{other}"
        );
    }
    assert_eq!(ranged("bytes=0-9", &[("If-None-Match", &tag)]).status, 304);
    let known = server().ask("GET", FILE, &[("If-None-Match", &tag)], b"");
    assert_eq!((known.status, known.body.len()), (304, 0));
}

#[test]
fn a_layer_with_a_hidden_field_and_one_that_is_no_such_file_have_no_copy() {
    assert_eq!(
        small()
            .get("/collections/communes-ouvertes/data.fgb")
            .status,
        200
    );
    for layer in ["communes-fermees", "evenements", "nothing"] {
        let path = format!("/collections/{layer}/data.fgb");
        assert_problem(&small().get(&path), 404, &path);
        let collection = small().get(&format!("/collections/{layer}")).text();
        assert!(!collection.contains("data.fgb"), "{layer}");
    }
    let collection = get(server(), "/collections/communes");
    let links = collection["links"].as_array().unwrap();
    let file = links
        .iter()
        .find(|link| link["rel"] == "enclosure")
        .unwrap();
    assert_eq!(file["length"], source().len());
    assert_problem(&server().get(&format!("{FILE}?x=1")), 400, "?x=1");
}
