//! `graphql-transport-ws`: any number of operations on one WebSocket.

use std::{collections::HashMap, net::IpAddr, sync::Arc, time::Duration};

use axum::{
    extract::ws::{Message, WebSocket, WebSocketUpgrade},
    http::{HeaderMap, header},
    response::Response,
};
use futures_util::StreamExt;
use serde_json::{Map, Value as Json};
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use super::{
    super::{
        App, accept_language,
        admission::{Admitted, LOOKED_AT_EVERY},
        cors,
        refusal::Refusal,
    },
    Place, QUEUE,
    protocol::{self, Close, Id, Incoming},
    question::{Answer, Question},
};
use crate::graphql::{Asked, Code, Preferred, error};

/// How long a client that is sent away may take to hear it.
const FAREWELL: Duration = Duration::from_secs(1);

/// Opens a WebSocket. Who may have none is told so on it, for a browser shows its page no other
/// refusal.
pub(super) async fn open(
    app: &App,
    id: &str,
    from: IpAddr,
    headers: &HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Refusal> {
    let place = app.live.place()?;
    let mut refused = None;
    let mut admitted = None;
    if let Err(refusal) = cors::check(headers, &app.options.cors) {
        refused = Some(Close::of(&refusal));
    } else if headers.contains_key(header::AUTHORIZATION) {
        match Admitted::by_header(app, headers).await {
            Ok(let_in) => admitted = Some(let_in),
            Err(refusal) if refusal.code() == Code::Unauthenticated => {
                refused = Some(Close::of(&refusal));
            }
            Err(refusal) => return Err(refusal),
        }
    }
    let preferred = accept_language::preferred(headers);
    // What is a little too large is still read, to say so.
    let most = 2 * app.live.options.live_message_max as usize;
    let upgrade = upgrade.protocols([protocol::NAME]).max_message_size(most).max_frame_size(most);
    let (app, id) = (app.clone(), Arc::from(id));
    Ok(upgrade.on_upgrade(async move |socket| {
        let connection = Connection::new(app, id, from, admitted, socket, preferred);
        connection.serve(refused, place).await;
    }))
}

/// What an operation tells the connection: whose it is, and the answer; none when it is complete.
struct Told {
    id: Arc<str>,
    number: u64,
    answer: Option<Answer>,
}

/// An operation under way.
struct Operation {
    /// No two of a connection have the same, even where their ids are.
    number: u64,
    task: AbortHandle,
}

struct Connection {
    app: App,
    /// The id of the request that opened it.
    id: Arc<str>,
    /// Where it is from.
    from: IpAddr,
    /// Whoever was let in, by the opening or the `connection_init`.
    admitted: Option<Admitted>,
    socket: WebSocket,
    preferred: Preferred,
    acknowledged: bool,
    operations: HashMap<String, Operation>,
    /// How many operations there were.
    number: u64,
    /// The operations end with the connection.
    tasks: JoinSet<()>,
    queue: mpsc::Sender<Told>,
    told: mpsc::Receiver<Told>,
}

/// Why a connection ends; none where the client left.
type Ended = Option<Close>;

impl Connection {
    fn new(
        app: App,
        id: Arc<str>,
        from: IpAddr,
        admitted: Option<Admitted>,
        socket: WebSocket,
        preferred: Preferred,
    ) -> Self {
        let (queue, told) = mpsc::channel(QUEUE);
        Self {
            app,
            id,
            from,
            admitted,
            socket,
            preferred,
            acknowledged: false,
            operations: HashMap::new(),
            number: 0,
            tasks: JoinSet::new(),
            queue,
            told,
        }
    }

    async fn serve(mut self, refused: Ended, _place: Place) {
        let ended = if self.socket.protocol().is_none() {
            Some(Close::subprotocol())
        } else if refused.is_some() {
            refused
        } else {
            match self.run().await {
                Err(ended) => ended,
                Ok(never) => match never {},
            }
        };
        self.tasks.abort_all();
        let socket = &mut self.socket;
        let goodbye = async {
            if let Some(close) = ended {
                socket.send(close.into()).await?;
            }
            // Until the client agrees: a connection that is cut may lose what was said last.
            while let Some(Ok(_)) = socket.recv().await {}
            Ok::<(), axum::Error>(())
        };
        let _ = timeout(FAREWELL, goodbye).await;
    }

    async fn run(&mut self) -> Result<std::convert::Infallible, Ended> {
        let app = self.app.clone();
        let options = &app.live.options;
        let mut stopped = std::pin::pin!(app.live.stopped());
        let patience = Duration::from_secs(options.live_init_timeout.into());
        let mut too_late = std::pin::pin!(sleep(patience));
        let mut silence = interval(app.live.keep_alive());
        silence.set_missed_tick_behavior(MissedTickBehavior::Delay);
        silence.tick().await;
        let mut look = interval(LOOKED_AT_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        look.tick().await;
        let mut heard = true;
        loop {
            tokio::select! {
                incoming = self.socket.recv() => {
                    heard = true;
                    let incoming = incoming.and_then(Result::ok).ok_or(None)?;
                    self.take(incoming).await?;
                }
                Some(told) = self.told.recv() => self.tell(told).await?,
                () = &mut too_late, if !self.acknowledged => return Err(Some(Close::too_late())),
                _ = silence.tick() => {
                    if !heard {
                        return Err(Some(Close::slow()));
                    }
                    heard = false;
                    self.send(Message::Ping(Default::default())).await?;
                }
                _ = look.tick() => {
                    if let Some(admitted) = &self.admitted && admitted.has_lapsed(&app).await {
                        return Err(Some(Close::of(&Refusal::lapsed())));
                    }
                }
                () = &mut stopped => return Err(Some(Close::away())),
            }
        }
    }

    /// Takes a message of the client.
    async fn take(&mut self, incoming: Message) -> Result<(), Ended> {
        let most = self.app.live.options.live_message_max;
        let text = match incoming {
            Message::Text(text) => text,
            Message::Binary(_) => return Err(Some(Close::malformed("messages are text"))),
            Message::Close(_) => return Err(None),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
        };
        if text.len() > most as usize {
            return Err(Some(Close::too_large(most)));
        }
        let message = protocol::read(&text).map_err(|why| Some(Close::malformed(&why)))?;
        let counted = self.count();
        // An operation that comes too often is refused by itself.
        if !matches!(message, Incoming::Subscribe { .. }) {
            counted.as_ref().map_err(|refusal| Some(Close::of(refusal)))?;
        }
        match message {
            Incoming::ConnectionInit { .. } if self.acknowledged => Err(Some(Close::begun_twice())),
            Incoming::ConnectionInit { payload } => {
                self.admit(payload).await.map_err(|refusal| Some(Close::of(&refusal)))?;
                self.acknowledged = true;
                self.send(protocol::acknowledged()).await
            }
            Incoming::Ping { .. } => self.send(protocol::pong()).await,
            Incoming::Pong { .. } => Ok(()),
            Incoming::Subscribe { id: Id(id), payload } => {
                let Some(admitted) = self.admitted.as_ref().filter(|_| self.acknowledged) else {
                    return Err(Some(Close::unauthorized()));
                };
                let asked = Asked { viewer: admitted.viewer.clone(), ..*payload };
                let question = Question::new(asked, self.preferred.clone(), &self.id);
                self.begin(id, question, counted).await
            }
            Incoming::Complete { id: Id(id) } => {
                if let Some(operation) = self.operations.remove(&id) {
                    operation.task.abort();
                }
                Ok(())
            }
        }
    }

    /// Lets in whoever begins with this, unless the opening has done so and this says nothing else.
    async fn admit(&mut self, payload: Option<Map<String, Json>>) -> Result<(), Refusal> {
        let token = protocol::token(payload)?;
        if self.admitted.is_none() || token.is_some() {
            self.admitted = Some(Admitted::new(&self.app, token).await?);
        }
        Ok(())
    }

    /// Counts a message.
    fn count(&self) -> Result<(), Refusal> {
        self.app.rates.from(self.from).map_err(Refusal::too_often)?;
        self.admitted.as_ref().map_or(Ok(()), |admitted| admitted.count(&self.app))
    }

    /// Begins an operation.
    async fn begin(
        &mut self,
        id: String,
        question: Question,
        counted: Result<(), Refusal>,
    ) -> Result<(), Ended> {
        if self.operations.contains_key(&id) {
            return Err(Some(Close::taken(&id)));
        }
        if let Err(refusal) = counted {
            return self.send(protocol::told(&id, &refusal.into())).await;
        }
        let most = self.app.live.options.live_operations;
        if self.operations.len() >= most as usize {
            let message = format!(
                "there are {most} operations on this WebSocket already, as many as may be; complete one"
            );
            let refused = error::refused(Code::TooManyOperations, message);
            return self.send(protocol::told(&id, &Answer::refused(&[refused]))).await;
        }
        // Those that ended are forgotten.
        while self.tasks.try_join_next().is_some() {}
        self.number += 1;
        let number = self.number;
        let checked = question.check(&self.app).await;
        let mut answers = question.answers(&self.app, checked);
        let (queue, name) = (self.queue.clone(), Arc::<str>::from(id.as_str()));
        let task = self.tasks.spawn(async move {
            let told = |answer| queue.send(Told { id: Arc::clone(&name), number, answer });
            while let Some(answer) = answers.next().await {
                let last = matches!(answer, Answer::Refused(_));
                if told(Some(answer)).await.is_err() || last {
                    return;
                }
            }
            let _ = told(None).await;
        });
        self.operations.insert(id, Operation { number, task });
        Ok(())
    }

    /// Tells the client what an operation has to tell, unless the client completed it meanwhile.
    async fn tell(&mut self, Told { id, number, answer }: Told) -> Result<(), Ended> {
        if self.operations.get(&*id).is_none_or(|operation| operation.number != number) {
            return Ok(());
        }
        if !matches!(answer, Some(Answer::Next(_))) {
            self.operations.remove(&*id);
        }
        self.send(match answer {
            Some(answer) => protocol::told(&id, &answer),
            None => protocol::complete(&id),
        })
        .await
    }

    async fn send(&mut self, message: Message) -> Result<(), Ended> {
        match timeout(self.app.live.patience(), self.socket.send(message)).await {
            Ok(sent) => sent.map_err(|_| None),
            Err(_) => Err(Some(Close::slow())),
        }
    }
}
