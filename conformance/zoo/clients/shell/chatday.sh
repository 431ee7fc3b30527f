#!/usr/bin/env bash
# A client of Chatday on curl: registers, then sends three messages. Its environment: the README.
set -euo pipefail
# shellcheck source=call.sh
. "$(dirname "${BASH_SOURCE[0]}")/call.sh"

credentials Authorization "Bearer $CHATDAY_TOKEN"
register=${CHATDAY_REGISTER_URL:-${CHATDAY_BASE_URL%/}/register}
send=${CHATDAY_SEND_URL:-${CHATDAY_BASE_URL%/}/messages}

quoted() { # TEXT: as JSON has it
  local rest=$1 code character
  if flaw json-by-hand; then printf '"%s"' "$rest"; return; fi
  rest=${rest//\\/\\\\}
  rest=${rest//\"/\\\"}
  for code in {1..31}; do
    printf -v character '%b' "\\x$(printf '%02x' "$code")"
    rest=${rest//"$character"/$(printf '\\u%04x' "$code")}
  done
  printf '"%s"' "$rest"
}

success() {
  flaw no-fail || grep -q '"status":[[:space:]]*"SUCCESS"' "$work/body" || die "the answer does not say SUCCESS"
}

message() { # TEXT
  printf '{"message":{"type":"text","data":%s},"chat_id":%s}' "$(quoted "$1")" "$(quoted "$CHATDAY_CHAT_ID")" >"$work/message"
  call POST "$send" --header 'Content-Type: application/json; charset=utf-8' --data-binary "@$work/message"
  success
  echo "sent $(field message_id)"
}

call GET "$register"
success
field Chatday-Signature-Token >/dev/null
echo registered
message "$text"
message "2: ありがとう"
message "3: ลาก่อน 👋"
