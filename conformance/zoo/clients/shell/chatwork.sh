#!/usr/bin/env bash
# A client of Chatwork on curl: who am I, a batch of three messages, the last one read back. Its environment: the README.
set -euo pipefail
# shellcheck source=call.sh
. "$(dirname "${BASH_SOURCE[0]}")/call.sh"

base=${CHATWORK_BASE_URL%/}
credentials X-ChatWorkToken "$CHATWORK_API_TOKEN"

limit_pause() {
  local reset left
  left=$(header x-ratelimit-remaining)
  # A room's limit has no header of its own: ten posts in ten seconds.
  if grep -q 'per room' "$work/body" || { [ -n "$left" ] && [ "$left" != 0 ]; }; then echo 10; return; fi
  reset=$(header x-ratelimit-reset)
  if [[ $reset =~ ^[0-9]{1,11}$ ]] && [ "$reset" -gt "$(now)" ] && [ "$reset" -lt $(($(now) + 86400)) ]; then
    echo $((reset - $(now)))
  else
    retry_after
  fi
}

post() { # TEXT
  printf '%s' "body=$1" >"$work/text"
  if flaw data-unescaped; then
    call POST "$messages" --data "body=$1"
  elif flaw data-from-file; then
    call POST "$messages" --data "@$work/text"
  else
    call POST "$messages" --data-urlencode "body=$1"
  fi
  id=$(field message_id)
  echo "posted $id"
}

messages=$base/rooms/$CHATWORK_ROOM_ID/messages
call GET "$base/me"
me=$(field account_id)
echo "I am $me"
post "$text"
post "2: ありがとう"
post "3: ลาก่อน 👋"
call GET "$messages/$id"
