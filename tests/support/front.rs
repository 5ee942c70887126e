//! What stands before several nodes, or before a database: each connection goes to the next of what is behind it, in turn, and all of
//! them can be cut.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use tokio::{
    io::{AsyncWriteExt, copy},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{oneshot, watch},
};

/// How many nodes each test's installation has: `PERNOEX_TEST_NODES`, on the databases that nodes can share.
pub fn nodes() -> usize {
    let asked = std::env::var("PERNOEX_TEST_NODES").ok().and_then(|count| count.parse().ok());
    match std::env::var("PERNOEX_TEST_POSTGRES") {
        Ok(_) => asked.unwrap_or(1),
        Err(_) => 1,
    }
}

pub struct Front {
    pub address: SocketAddr,
    /// Nodes that take connections. One that is taken out gets no new ones.
    nodes: Arc<Mutex<Vec<SocketAddr>>>,
    /// Counts how often everything was cut.
    cuts: watch::Sender<u32>,
    stop: Option<oneshot::Sender<()>>,
}

/// From the client's own address: limits count by it.
async fn pass(mut client: TcpStream, to: SocketAddr, mut cuts: watch::Receiver<u32>) -> std::io::Result<()> {
    cuts.mark_unchanged();
    let socket = TcpSocket::new_v4()?;
    socket.bind((client.peer_addr()?.ip(), 0).into())?;
    let mut node = socket.connect(to).await?;
    let ((mut from_client, mut to_client), (mut from_node, mut to_node)) = (client.split(), node.split());
    // As balancers do, a node is not kept waiting for a client that has gone: not even one that it has much to tell.
    let there = async {
        copy(&mut from_client, &mut to_node).await?;
        to_node.shutdown().await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(())
    };
    let back = async {
        copy(&mut from_node, &mut to_client).await?;
        to_client.shutdown().await
    };
    tokio::select! {
        over = there => over,
        over = back => over,
        _ = cuts.changed() => Ok(()),
    }
}

impl Front {
    pub fn start(nodes: Vec<SocketAddr>) -> Self {
        let nodes = Arc::new(Mutex::new(nodes));
        let (started, start) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let (cuts, cut) = watch::channel(0);
        let known = nodes.clone();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                started.send(listener.local_addr().unwrap()).unwrap();
                let accepting = async {
                    let mut turn = 0;
                    loop {
                        let Ok((client, _)) = listener.accept().await else { continue };
                        turn += 1;
                        let to = {
                            let nodes = known.lock().unwrap();
                            nodes.get(turn % nodes.len().max(1)).copied()
                        };
                        // Nobody behind it: the client's connection ends.
                        if let Some(to) = to {
                            tokio::spawn(pass(client, to, cut.clone()));
                        }
                    }
                };
                tokio::select! {
                    () = accepting => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            address: start.recv().expect("the front starts"),
            nodes,
            cuts,
            stop: Some(stop),
        }
    }

    /// New connections lead to these from now on.
    pub fn lead_to(&self, nodes: Vec<SocketAddr>) {
        *self.nodes.lock().unwrap() = nodes;
    }

    /// Ends every connection and takes no new ones, until it leads somewhere again.
    pub fn cut(&self) {
        self.lead_to(Vec::new());
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}
