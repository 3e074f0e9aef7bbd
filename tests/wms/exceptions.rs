//! In which form an error is told.

use cartotheque::error::Error;
use tiny_skia::Pixmap;

use crate::fake::{FakeEngine, World};
use crate::{MAP, with};

#[test]
fn wms130_7_3_3_11_blank_obeys_bgcolor_and_transparent_for_an_unknown_layer() {
    let world = World::default();
    for exceptions in ["BLANK", "application/vnd.ogc.se_blank"] {
        let bad = with(MAP, "LAYERS", Some("nonsense"));
        let red = world.get(&format!("{bad}&EXCEPTIONS={exceptions}&BGCOLOR=0xFF0000"));
        assert_eq!((red.status, &*red.media_type), (200, "image/png"));
        let red = Pixmap::decode_png(&red.body).unwrap();
        assert_eq!((red.width(), red.height()), (20, 10));
        assert!(
            red.pixels()
                .iter()
                .all(|p| (p.red(), p.green(), p.alpha()) == (255, 0, 255))
        );
        let clear = world.get(&format!("{bad}&EXCEPTIONS={exceptions}&TRANSPARENT=TRUE"));
        let clear = Pixmap::decode_png(&clear.body).unwrap();
        assert!(clear.pixels().iter().all(|p| p.alpha() == 0));
    }
}

#[test]
fn wms130_7_3_3_11_inimage_has_the_type_of_format_and_falls_back_to_xml() {
    let world = World::default();
    let bad = with(MAP, "LAYERS", Some("nonsense"));
    for exceptions in ["INIMAGE", "application/vnd.ogc.se_inimage"] {
        let jpeg = with(
            &format!("{bad}&EXCEPTIONS={exceptions}"),
            "FORMAT",
            Some("image/jpeg"),
        );
        assert_eq!(world.get(&jpeg).media_type, "image/jpeg");
    }
    // no picture can be made of a size or format that is wrong itself
    for (name, value) in [
        ("WIDTH", "0"),
        ("WIDTH", "99999"),
        ("FORMAT", "image/nonsense"),
    ] {
        let query = with(&format!("{bad}&EXCEPTIONS=INIMAGE"), name, Some(value));
        assert_eq!(world.get(&query).media_type, "text/xml", "{name}");
    }
}

#[test]
fn a_server_that_is_too_busy_says_when_to_come_back_in_any_form_of_exception() {
    let world = World {
        engine: FakeEngine {
            fault: Some(Error::Busy { retry_after_s: 3 }),
            ..FakeEngine::default()
        },
        ..World::default()
    };
    for query in [MAP.to_owned(), format!("{MAP}&EXCEPTIONS=BLANK")] {
        let answer = world.get(&query);
        assert_eq!(answer.status, 503);
        assert!(answer.headers.contains(&("Retry-After", "3".into())));
    }
}
