use std::{net::SocketAddr, path::PathBuf};

use calibr_model::Sources;
use clap::{ArgAction, Args, builder::FalseyValueParser};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{DataDirArg, output::say};
use crate::{
    config::Settings,
    demo,
    error::ServerError,
    http,
    startup::{Console, ConsoleSettings, cancel_on_signal, default_demo_dir},
};

/// What `calibr serve` takes.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// The address to listen on; port 0 takes a free one
    #[arg(
        long,
        env = "CALIBR_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8080"
    )]
    listen: SocketAddr,
    #[command(flatten)]
    data_dir: DataDirArg,
    /// Show the console with a made-up store, in a data directory of its own. Listens on loopback alone
    #[arg(long, env = "CALIBR_DEMO", action = ArgAction::SetTrue, value_parser = FalseyValueParser::new())]
    demo: bool,
}

impl ServeArgs {
    fn data_dir(self) -> Result<PathBuf, ServerError> {
        match self.data_dir.data_dir {
            None if self.demo => default_demo_dir(),
            _ => self.data_dir.or_default(),
        }
    }
}

/// Runs the console until SIGTERM or SIGINT.
///
/// # Errors
/// [`ServerError`] in words.
pub(super) async fn run(
    args: ServeArgs,
    settings: Settings,
    sources: Sources,
) -> Result<(), ServerError> {
    let (listen, is_demo) = (args.listen, args.demo);
    let data_dir = args.data_dir()?;
    if !listen.ip().is_loopback() {
        if is_demo {
            return Err(ServerError::DemoBeyondLoopback(listen));
        }
        if demo::is_in(&data_dir) {
            return Err(ServerError::DemoData {
                data_dir,
                address: listen,
            });
        }
    }
    let stopping = CancellationToken::new();
    cancel_on_signal(stopping.clone()).map_err(ServerError::Runtime)?;

    let cannot_listen = |source| ServerError::Listen {
        address: listen,
        source,
    };
    let listener = TcpListener::bind(listen).await.map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    let wanted = ConsoleSettings {
        settings,
        address,
        data_dir,
        is_demo,
        stopping: stopping.clone(),
    };
    let mut console = tokio::select! {
        started = Console::start(wanted, sources) => started?,
        () = stopping.cancelled() => {
            tracing::info!("stopped while starting");
            return Ok(());
        }
    };

    let served = tokio::spawn(http::serve(listener, console.router(), stopping.clone()));
    let at_work = tokio::select! {
        at_work = console.work() => at_work,
        () = stopping.cancelled() => Ok(()),
    };
    match &at_work {
        Ok(()) if stopping.is_cancelled() => tracing::info!("stopped while starting"),
        Ok(()) => say(&format!("listening on http://{address}")),
        Err(_) => stopping.cancel(),
    }
    let served = served
        .await
        .map_err(|broken| ServerError::Runtime(broken.into()));
    stopping.cancel();
    let stopped = console.stop().await;
    at_work.and(served.flatten()).and(stopped)
}
