//! The least that sends bytes over HTTP with actix-web: what `make bench-http` holds a tile that
//! is kept against.
//!
//!     bare 127.0.0.1:8081 WORKERS FILE
#![allow(
    clippy::expect_used,
    reason = "a program of three arguments that ends where one is missing"
)]

use actix_web::{App, HttpResponse, HttpServer, web};

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &str| arguments.next().expect(what);
    let (listen, workers) = (next("where to listen"), next("the number of workers"));
    let workers = workers.parse().expect("a number of workers");
    let tile = web::Bytes::from(std::fs::read(next("a file to send"))?);
    let handler = move || {
        let tile = tile.clone();
        async move {
            HttpResponse::Ok()
                .insert_header(("content-type", "application/vnd.mapbox-vector-tile"))
                .insert_header(("content-encoding", "gzip"))
                .body(tile)
        }
    };
    HttpServer::new(move || App::new().default_service(web::to(handler.clone())))
        .workers(workers)
        .bind(listen)?
        .run()
        .await
}
