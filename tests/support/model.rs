//! A language model at the network's edge.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

pub const FIRST_WORDS: &str = "Open Settings";

/// Begins every answer and ends none. Returns its address.
pub async fn that_never_ends() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = vec![0; 64 * 1024];
                let _ = connection.read(&mut request).await;
                let event = format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{FIRST_WORDS} [1]\"}}}}]}}\n\n");
                let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
                let _ = connection
                    .write_all(format!("{head}{:x}\r\n{event}\r\n", event.len()).as_bytes())
                    .await;
                // Until the asker hangs up.
                while connection.read(&mut request).await.is_ok_and(|read| read > 0) {}
            });
        }
    });
    format!("http://{address}")
}
