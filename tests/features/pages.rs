use super::*;

fn page(path: &str) -> String {
    let reply = server().get(path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
    reply.text()
}

#[test]
fn a_page_of_items_has_a_map_a_table_and_ways_on() {
    let french = page("/collections/communes/items?f=html&limit=20&offset=20");
    assert!(
        french.contains("<html lang=\"fr\">") && french.contains("21–40 sur 4\u{202f}021 objets")
    );
    assert!(french.contains("Page suivante") && french.contains("Page précédente"));
    let english = page("/collections/communes/items?f=html&lang=en&limit=20");
    assert!(english.contains("1–20 of 4,021 features") && english.contains("Next page"));
    for text in [&french, &english] {
        assert_eq!(text.matches("<tr>").count(), 21);
        assert_eq!(text.matches("class=\"area\"").count(), 20);
        let picture = text.split("<image href=\"").nth(1).unwrap();
        let picture = picture
            .split('"')
            .next()
            .unwrap()
            .replace("&amp;", "&")
            .replace("&#x2f;", "/");
        let drawn = server().get(&path_of(server(), &picture));
        assert_eq!(drawn.header("content-type"), "image/png", "{picture}");
        let next = text.split("rel=\"next\"").next().unwrap();
        assert!(next.contains("limit=20"));
    }
    let empty = page("/collections/communes/items?f=html&filter=population%3C0");
    assert!(empty.contains("Aucun objet"));
    // people are not sent ten thousand lines
    assert_eq!(
        page("/collections/communes/items?f=html&limit=5000")
            .matches("<tr>")
            .count(),
        1001
    );
}

#[test]
fn a_page_of_one_feature_names_it_and_its_values() {
    let lyon = page("/collections/communes/items/69123?f=html");
    assert!(lyon.contains("<h1>Lyon <code>69123</code></h1>"), "{lyon}");
    assert!(lyon.contains("hab.") && lyon.contains("class=\"area\""));
    let point = page("/collections/villes/items/69123?f=html&lang=en");
    assert!(point.contains("class=\"point\"") && !point.contains("class=\"area\""));
    let line = page("/collections/cours-eau/items/0?f=html");
    assert!(line.contains("class=\"line\""));
}

#[test]
fn what_is_found_by_and_sorted_by_has_pages() {
    let french = page("/collections/communes/queryables?f=html");
    assert!(french.contains("Champs de recherche") && french.contains("<code>population</code>"));
    let english = page("/collections/communes/sortables?f=html&lang=en");
    assert!(english.contains("sortby=-population") && !english.contains("geometry-multi"));
    assert!(page("/collections/communes/schema?f=html").contains("geometry-multipolygon"));
    let list = page("/collections?f=html&q=mairie");
    assert!(list.contains("/layers/mairies") && !list.contains("/layers/pays\""));
    let api = page("/api.html");
    assert!(api.contains("<code>population</code>") && !api.contains("https://unpkg"));
}

#[test]
fn an_error_is_a_page_for_people() {
    let browser = [("Accept", "text/html,*/*;q=0.8")];
    let reply = server().ask("GET", "/collections/communes/items?limit=0", &browser, b"");
    assert_eq!(reply.status, 400);
    assert!(reply.header("content-type").starts_with("text/html"));
}
