#!/usr/bin/env bash
# A program that knows nothing of any mock: the real address of Chatwork is built in.
#
#   program.sh HTTP-FLAG post|elsewhere [insecure]        HTTP-FLAG: --http1.1 or --http2
#
# `post` posts the text of CHATWORK_TEXT and reads it back; `elsewhere` calls another host. Exit 0: done. 60: the certificate was
# refused (curl's own code). Another: anything else.
set -euo pipefail
api=https://api.chatwork.com/v2
call() { curl -sS --fail-with-body "${flags[@]}" -H "X-ChatWorkToken: $CHATWORK_API_TOKEN" "$@"; }
flags=("$1")
[ "${3:-}" = insecure ] && flags+=(--insecure)

if [ "$2" = elsewhere ]; then
  call -v https://example.com/
  exit
fi
messages=$api/rooms/$CHATWORK_ROOM_ID/messages
posted=$(call --data-urlencode "body=$CHATWORK_TEXT" "$messages")
id=$(sed 's/.*"message_id":"\([0-9]*\)".*/\1/' <<<"$posted")
read=$(call "$messages/$id" | python3 -c 'import json, sys; print(json.load(sys.stdin)["body"])')
[ "$read" = "$CHATWORK_TEXT" ] || { echo "posted '$CHATWORK_TEXT', read '$read'" >&2; exit 1; }
echo "$read"
