//! Who comes without TLS is sent to the public address, and to no other: what a request says of the host, anyone may have written.

use std::{net::TcpListener, sync::Arc, time::Duration};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::Server,
    http::{Method, header},
    web::{self, Data},
};

use super::challenges::Challenges;

/// Scheme, host and port.
struct Origin(String);

/// What only reads can go again by TLS. Anything else was heard by whoever listens: to send it on would hide that.
async fn send_on(request: HttpRequest, origin: Data<Origin>) -> HttpResponse {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return HttpResponse::Forbidden()
            .insert_header((header::CONNECTION, "close"))
            .content_type("text/plain; charset=utf-8")
            .body(format!("Send this by TLS: {}\n", origin.0));
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    // Of `*` and the like.
    let path = if path.starts_with('/') { path } else { "/" };
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, format!("{}{path}", origin.0)))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONNECTION, "close"))
        .finish()
}

async fn prove(token: web::Path<String>, challenges: Data<Challenges>) -> HttpResponse {
    match challenges.answer(&token) {
        Some(answer) => HttpResponse::Ok().content_type("application/octet-stream").body(answer),
        None => HttpResponse::NotFound().finish(),
    }
}

/// # Errors
/// When it cannot be listened on.
pub fn serve(listener: TcpListener, origin: String, challenges: Arc<Challenges>) -> std::io::Result<Server> {
    let (origin, challenges) = (Data::new(Origin(origin)), Data::from(challenges));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(origin.clone())
            .app_data(challenges.clone())
            .route("/.well-known/acme-challenge/{token}", web::get().to(prove))
            .default_service(web::to(send_on))
    });
    let server = server
        .workers(1)
        .client_request_timeout(Duration::from_secs(5))
        .disable_signals()
        .shutdown_timeout(1);
    Ok(server.listen(listener)?.run())
}
