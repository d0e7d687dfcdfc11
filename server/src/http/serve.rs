use std::{net::SocketAddr, time::Duration};

use axum::{Router, serve::ListenerExt as _};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::error::ServerError;

/// How long requests under way may take once the server is to end.
const DRAIN: Duration = Duration::from_secs(20);

/// Answers until `stopping` is cancelled, then lets the requests under way come to their end.
///
/// # Errors
/// [`ServerError::Serve`] where the listener fails.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    stopping: CancellationToken,
) -> Result<(), ServerError> {
    // Events are small and must not wait for more to come.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection may be slower than it could be");
        }
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let drained =
        axum::serve(listener, service).with_graceful_shutdown(stopping.clone().cancelled_owned());
    let out_of_patience = async {
        stopping.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        served = drained => served.map_err(ServerError::Serve),
        () = out_of_patience => {
            tracing::warn!(seconds = DRAIN.as_secs(), "some requests did not end in time and are broken off");
            Ok(())
        }
    }
}
