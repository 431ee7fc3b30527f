//! What can be told about a request without serving it: for rules that decide what becomes of it.

use contract::chatwork::answer;
use contract::chatwork::errors::ApiError;
use contract::chatwork::limits::ACCOUNT;
use contract::chatwork::ratelimit::Standing;
use contract::time::UnixMillis;
use contract::wire::{Request, Response};

use super::{State, oauth};
use crate::control::Scope;
use crate::core::Turn;

impl State {
    /// Names the caller and the operation of a request, and leaves the remarks that do not depend on serving it.
    pub fn recognise(&self, request: &Request, turn: &mut Turn<'_>) {
        // The pages of OAuth know their callers by other means, and by no token.
        turn.operation = oauth::operation(request.uri().path());
        if turn.operation.is_none() {
            let _ = self.caller(request, turn);
            self.find(request, turn);
        }
    }

    /// Whose token a text is: `chatwork/1001`.
    pub fn token_id_of(&self, token: &str) -> Option<String> {
        self.account_of_token(token).map(|account| format!("chatwork/{account}"))
    }

    /// The answer of a limit that need not be used up. Of a refusal by the room's limit the account's window takes
    /// notice, as of a real one; it then shows one request left at least. Without `reset_in_s` the window's own end stands
    /// in the answer, for a caller whom nobody knows that of a window that opens now.
    pub fn limited(
        &mut self,
        request: &Request,
        scope: Option<Scope>,
        reset_in_s: Option<i64>,
        now: UnixMillis,
    ) -> Response {
        let limit = self.settings.limits.account.unwrap_or(ACCOUNT);
        // Its remarks were left when the request was recognised.
        let caller = self.caller(request, &mut Turn::new(now, "", "")).map(|caller| caller.account);
        let mut window = caller.and_then(|caller| self.account_windows.get(&caller).copied()).unwrap_or_default();
        let standing = window.take(limit, now);
        let (error, remaining) = match scope {
            Some(Scope::Account) | None => (ApiError::AccountLimit, 0),
            Some(Scope::Room) => {
                if let Some(caller) = caller.filter(|_| self.settings.limits.account.is_some()) {
                    self.account_windows.insert(caller, window);
                }
                (ApiError::RoomLimit, standing.remaining.max(1))
            }
        };
        let reset_second = reset_in_s.map_or(standing.reset_second, |seconds| now.seconds().saturating_add(seconds));
        let mut response = answer::refusal(&error);
        answer::add_rate_headers(&mut response, Standing { remaining, reset_second, ..standing });
        response
    }
}
