//! The cases of `benches/net`: an echo server in this process, and the same load as for everybody in another.

use super::Run::{self, Measured};
use super::{cpu_ns, Metrics};
use crate::memory::resident_bytes;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

const HELD: usize = 19_000;

pub fn find(name: &str) -> Option<Run> {
    Some(match name {
        "echo/64B-1-connection" => Measured(|ops| Box::pin(echo(1, 64, ops))),
        "echo/64B-64-connections" => Measured(|ops| Box::pin(echo(64, 64, ops))),
        "echo/64B-512-connections" => Measured(|ops| Box::pin(echo(512, 64, ops))),
        "echo/64KiB-16-connections" => Measured(|ops| Box::pin(echo(16, 64 * 1024, ops))),
        "connections/19k" => Measured(|_| Box::pin(hold())),
        _ => return None,
    })
}

async fn serve(mut stream: TcpStream) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length) = stream.read(&mut buffer).await {
        if length == 0 || stream.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
}

/// Waits with nothing but the connection: the buffer is there only while there is something to read.
async fn serve_idle(mut stream: TcpStream) {
    while stream.readable().await.is_ok() {
        let mut buffer = [0; 1024];
        match stream.try_read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => {
                if stream.write_all(&buffer[..length]).await.is_err() {
                    break;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
}

async fn accept(listener: TcpListener, idle: bool) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            if idle {
                tokio::spawn(serve_idle(stream));
            } else {
                tokio::spawn(serve(stream));
            }
        }
    }
}

async fn start(idle: bool) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(accept(listener, idle));
    Server { port, load: Arc::new(Mutex::new(Load::start())) }
}

#[derive(Clone)]
struct Server {
    port: u16,
    load: Arc<Mutex<Load>>,
}

impl Server {
    /// On a thread of its own: the load's answer must not block the server.
    async fn ask(&self, line: String) -> String {
        let (tx, rx) = oneshot::channel();
        let load = Arc::clone(&self.load);
        std::thread::spawn(move || tx.send(load.lock().unwrap().ask(&line)));
        rx.await.unwrap()
    }
}

/// Kept over all samples of the process, whose runtime is kept too.
static SERVER: Mutex<Option<Server>> = Mutex::new(None);

async fn echo(connections: usize, bytes: usize, messages: usize) -> Metrics {
    let kept = SERVER.lock().unwrap().clone();
    let server = match kept {
        Some(server) => server,
        None => {
            let server = start(false).await;
            *SERVER.lock().unwrap() = Some(server.clone());
            server
        }
    };
    let cpu = cpu_ns();
    let reply = server.ask(format!("echo {} {connections} {bytes} {messages}", server.port)).await;
    let cpu = cpu_ns() - cpu;
    vec![("cpu", cpu / messages as f64), ("rate", messages as f64 * 1e9 / number(&reply, "ns"))]
}

async fn hold() -> Metrics {
    let server = start(true).await;
    let port = server.port;
    server.ask(format!("open {port} 100")).await;
    server.ask("ping 1 500".to_owned()).await;
    server.ask("close".to_owned()).await;
    let before = resident_bytes().unwrap_or(0);
    let open = number(&server.ask(format!("open {port} {HELD}")).await, "open");
    let resident = resident_bytes().unwrap_or(before) - before;
    let pinged = server.ask("ping 6 10000".to_owned()).await;
    server.ask("close".to_owned()).await;
    vec![
        ("resident", resident as f64 / open),
        ("answered", number(&pinged, "answered")),
        ("lost", number(&pinged, "lost")),
    ]
}

/// A field of a reply of the load, which is a line of JSON with numbers only.
fn number(reply: &str, field: &str) -> f64 {
    let key = format!("\"{field}\":");
    let value = reply.split(&key).nth(1).unwrap_or_else(|| panic!("no {field} in {reply}"));
    let digits: String = value.chars().take_while(|c| c.is_ascii_digit() || *c == '.' || *c == '-').collect();
    digits.parse().unwrap()
}

struct Load {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Load {
    fn start() -> Self {
        let told = |name| std::env::var(name).unwrap_or_else(|_| panic!("the harness sets {name}"));
        let load = format!("{}/net/load/main.ts", told("RT_BENCHES"));
        let mut child = Command::new(told("RT_BENCH_NODE"))
            .args(["--disable-warning=ExperimentalWarning", &load])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the load to start");
        let stdin = child.stdin.take().expect("a pipe");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, stdin, stdout }
    }

    fn ask(&mut self, line: &str) -> String {
        writeln!(self.stdin, "{line}").expect("the load to listen");
        let mut reply = String::new();
        self.stdout.read_line(&mut reply).expect("the load to answer");
        reply
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}
